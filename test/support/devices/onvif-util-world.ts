import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { VirtualCamera } from '../../../simulators/camera/camera.ts';
import { DiscoveryResponder } from '../../../simulators/camera/onvif/discovery.ts';
import { Studio } from '../../../simulators/camera/video/studio.ts';
import { exitsWhenNothingWaits } from '../processes.ts';
import { until } from '../time/until.ts';

/**
 * Runs inside a network namespace of its own, because discovery is multicast and must not leave the machine: two
 * cameras, and Debian's `onvif-util` that looks for them and talks to one. Prints what it saw as one JSON object.
 */
const PASSWORD = 'right-1';
const QUESTIONS = ['get time', 'get profiles', 'get rtsp', 'get video', 'get video options', 'get network', 'quit'];

async function world(ip: string, onvifUtil: string, libraries: string): Promise<void> {
  const run = promisify(execFile);
  await run(ip, ['link', 'set', 'lo', 'up']);
  await run(ip, ['link', 'set', 'lo', 'multicast', 'on']);
  await run(ip, ['route', 'add', '224.0.0.0/4', 'dev', 'lo']);
  const studio = await Studio.open({ plain: true });
  const cameras: VirtualCamera[] = [];
  for (const number of [1, 2]) {
    const options = { id: `cam-${number}`, name: `Gate ${number}`, address: `127.64.45.${number}`, password: PASSWORD };
    cameras.push(await VirtualCamera.start(studio, options));
  }
  const responder = new DiscoveryResponder(() => cameras);
  await responder.start('127.0.0.1');
  const ask = (args: string[], questions: string[] = []): Promise<{ status: number | null; said: string }> =>
    converse(onvifUtil, { args, questions, libraries });
  const session = (password: string): string[] => ['-u', 'admin', '-p', password, '127.64.45.1'];
  const found = await ask(['-a']);
  const talk = await ask(session(PASSWORD), QUESTIONS);
  const refused = await ask(session('wrong'), ['quit']);
  await cameras[1]?.die();
  const without = await ask(['-a']);
  const expected = cameras.map((camera) => ({ stream: camera.streamUrl('main'), serial: camera.identity.serial }));
  process.stdout.write(JSON.stringify({ found, talk, refused, without, expected }));
  await responder.stop();
  await Promise.all(cameras.map((camera) => camera.stop()));
  await studio.close();
}

interface Conversation {
  args: string[];
  questions: string[];
  libraries: string;
}

/** It reads commands once it is connected; what it tells then, and each of its answers, ends with an empty line. */
async function converse(command: string, { args, questions, libraries }: Conversation) {
  const child = spawn(command, args, { env: { LD_LIBRARY_PATH: libraries }, timeout: 20_000 });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stdin.on('error', () => {});
  let before = 0;
  for (const question of questions) {
    const isTold = (): boolean => said.length > before && said.endsWith('\n\n');
    await until('it is connected, or has answered', () => isTold() || child.exitCode !== null);
    before = said.length;
    child.stdin.write(`${question}\n`);
  }
  child.stdin.end();
  return { status: await ended, said };
}

exitsWhenNothingWaits();
const [ip = '', onvifUtil = '', libraries = ''] = process.argv.slice(2);
await world(ip, onvifUtil, libraries);

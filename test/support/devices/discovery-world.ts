import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { VirtualCamera } from '../../../simulators/camera/camera.ts';
import { DiscoveryResponder } from '../../../simulators/camera/onvif/discovery.ts';
import { Studio } from '../../../simulators/camera/video/studio.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { systemRandom } from '../../../src/core/random.ts';
import { CheckPlaces } from '../../../src/devices/checks/check-places.ts';
import type { Finding } from '../../../src/devices/discovery/finding.ts';
import { Search } from '../../../src/devices/discovery/search.ts';
import { UdpOutbound } from '../../../src/platform/outbound/udp.ts';
import { exitsWhenNothingWaits } from '../processes.ts';
import { onvifPorts } from '../streams/cameras.ts';
import { until } from '../time/until.ts';

/**
 * Runs inside a network namespace of its own: a gateway with two network interfaces, and behind each a namespace with
 * one camera, so that a camera is seen through its own interface or not at all. Prints what was found as JSON.
 *
 * In the role `probe` a program of somebody else looks for the camera behind the first interface: its words follow, the
 * name of the interface comes last, and what it prints is printed.
 */
const NETWORKS = ['10.77.0.0/16'];
const PLACES = { total: 32, perSubnet: 8, kept: 0 };
const run = promisify(execFile);
const [ip = '', role = 'gateway', ...words] = process.argv.slice(2);
const [number = '0', delayMs = '0'] = words;

async function gateway(): Promise<void> {
  await run(ip, ['link', 'set', 'lo', 'up']);
  const cameras = [await besides('1'), await besides('2')];
  const found = new Map<string, Finding>();
  const ended: (() => unknown)[] = [];
  const places = { heard: new CheckPlaces(PLACES), swept: new CheckPlaces(PLACES) };
  const onvif = onvifPorts({ teardown: (end) => void ended.push(end) }, NETWORKS);
  const udp = new UdpOutbound({ networks: NETWORKS, setting: 'CITYWATCH_CAMERA_NETWORKS' });
  const deps = { udp, onvif, places, clock: systemClock, random: systemRandom };
  const told = (finding: Finding): void => void found.set(finding.door, finding);
  const search = await Search.open(deps, told, new AbortController().signal);
  // Multicast is answered once: on a busy machine an answer may come when nobody waits for it any more.
  await until('both are found and asked', async () => {
    await search.probe(3_000);
    return [...found.values()].filter(({ answer }) => answer !== 'silent').length === 2;
  });
  const probed = [...found.values()];
  const first = '10.77.1.2:80';
  await until('the first one goes', () => found.get(first)?.gone || cameras[0]!.say('Bye'));
  await until('it comes back', () => found.get(first)?.gone === false || cameras[0]!.say('Hello'));
  const interfaces = search.interfaces;
  await search.close();
  for (const camera of cameras) camera.child.stdin?.end();
  await Promise.all(cameras.map(({ child }) => once(child, 'exit')));
  for (const end of ended) await end();
  process.stdout.write(JSON.stringify({ interfaces, probed }));
}

async function probe(): Promise<void> {
  const [command = '', ...rest] = words;
  await run(ip, ['link', 'set', 'lo', 'up']);
  // It sends from the port on which it waits a moment later: cameras answer within half a second, not at once.
  const { child } = await besides('1', '250');
  await run(ip, ['route', 'add', '224.0.0.0/4', 'dev', 'g1']);
  const { stdout } = await run(command, [...rest, 'g1'], { timeout: 30_000 });
  child.stdin?.end();
  await once(child, 'exit');
  process.stdout.write(stdout);
}

interface Neighbour {
  child: ChildProcess;
  say(word: string): void;
}

/** A namespace behind an interface of its own, with a camera at `10.77.<number>.2`. */
async function besides(which: string, answersAfterMs = '0'): Promise<Neighbour> {
  const script = fileURLToPath(import.meta.url);
  const child = spawn(
    'unshare',
    ['--net', process.execPath, ...process.execArgv, script, ip, 'camera', which, answersAfterMs],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  await lines.next();
  const [own, other] = [`g${which}`, `c${which}`];
  await run(ip, ['link', 'add', own, 'type', 'veth', 'peer', 'name', other, 'netns', String(child.pid)]);
  await run(ip, ['addr', 'add', `10.77.${which}.1/24`, 'dev', own]);
  await run(ip, ['link', 'set', own, 'up']);
  child.stdin!.write('linked\n');
  await lines.next();
  return { child, say: (word) => void child.stdin!.write(`${word}\n`) };
}

async function camera(): Promise<void> {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  process.stdout.write('here\n');
  await lines.next();
  const [own, address] = [`c${number}`, `10.77.${number}.2`];
  await run(ip, ['link', 'set', 'lo', 'up']);
  await run(ip, ['addr', 'add', `${address}/24`, 'dev', own]);
  await run(ip, ['link', 'set', own, 'up']);
  const studio = await Studio.open({ plain: true });
  const options = { id: `cam-${number}`, name: `Gate ${number}`, address, onvifPort: 80, password: 'right-1' };
  const onvifAuth = number === '1' ? ('none' as const) : ('both' as const);
  const device = await VirtualCamera.start(studio, { ...options, onvifAuth });
  const responder = new DiscoveryResponder(() => [device], Number(delayMs));
  await responder.start(address);
  process.stdout.write('ready\n');
  for (let line = await lines.next(); !line.done; line = await lines.next())
    await responder.announce(line.value as 'Hello' | 'Bye', device);
  await responder.stop();
  await device.stop();
  await studio.close();
}

const roles: Record<string, () => Promise<void>> = { camera, gateway, probe };
exitsWhenNothingWaits();
await roles[role]!();

import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import type { VirtualCamera } from '../../../simulators/camera/camera.ts';
import { startCameras } from '../../support/streams/cameras.ts';
import { until } from '../../support/time/until.ts';

const run = promisify(execFile);

/** ffmpeg would look at five seconds of pictures before it begins. */
const QUICKLY = ['-analyzeduration', '200000', '-probesize', '100000', '-fpsprobesize', '0'];

/** The URL as an operator types it, with the camera's own password in it. */
function open(camera: VirtualCamera, quality: 'main' | 'sub', password = camera.account.password): string {
  const login = `${encodeURIComponent(camera.account.username)}:${encodeURIComponent(password)}`;
  return camera.streamUrl(quality).replace('rtsp://', `rtsp://${login}@`);
}

/** What ffmpeg says when it is refused. */
async function refusal(url: string): Promise<string> {
  const error = await decode(url, 1).catch((cause: { stderr?: string }) => cause);
  if (typeof error === 'string') throw new Error('it was played');
  return error.stderr ?? '';
}

/** ffmpeg decodes this many pictures; resolves with what it complained about. */
async function decode(url: string, frames: number): Promise<string> {
  const input = ['-v', 'error', ...QUICKLY, '-rtsp_transport', 'tcp', '-i', url, '-frames:v', String(frames)];
  const { stderr } = await run('ffmpeg', ['-nostdin', ...input, '-f', 'null', '-'], { timeout: 12_000 });
  return stderr;
}

t.test('ffprobe and ffmpeg play it with Digest and with Basic', async (t) => {
  const cameras = await startCameras(t);
  await Promise.all(
    (['digest', 'basic', 'none'] as const).map(async (rtspAuth, index) => {
      const camera = await cameras.start({ address: `127.64.30.${index + 1}`, rtspAuth, password: 'p@ss:w/rd%&' });
      const probe = [
        '-v',
        'error',
        '-rtsp_transport',
        'tcp',
        '-show_entries',
        'stream=codec_name,width,height',
        '-of',
        'csv',
      ];
      const [{ stdout }, complaints] = await Promise.all([
        run('ffprobe', [...probe, open(camera, 'main')], { timeout: 12_000 }),
        decode(open(camera, 'sub'), 5),
      ]);
      t.equal(stdout.trim(), 'stream,h264,768,576', rtspAuth);
      t.equal(complaints, '', `${rtspAuth} decodes without complaint`);
    }),
  );
});

t.test('a wrong password and a wrong path are refused', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.30.4' });
  t.match(await refusal(open(camera, 'main', 'wrong')), /401 Unauthorized/);
  t.match(await refusal(open(camera, 'main').replace('/main', '/third')), /404/);
  camera.misbehave({ passwordChanged: true });
  t.match(await refusal(open(camera, 'main')), /401 Unauthorized/);
});

t.test('power goes and comes back on the same ports', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.30.6' });
  const url = open(camera, 'main');
  const player = spawn('ffmpeg', ['-nostdin', '-v', 'error', '-rtsp_transport', 'tcp', '-i', url, '-f', 'null', '-']);
  const ended = new Promise((resolve) => player.once('close', resolve));
  t.teardown(() => player.kill('SIGKILL'));
  await until('it plays', () => camera.viewers.playing.main === 1);
  await camera.die();
  await ended;
  t.match(await refusal(url), /Connection refused/);
  await camera.revive();
  t.equal(await decode(url, 5), '');
});

t.test('a frozen camera keeps the connection and sends nothing', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.30.7' });
  camera.misbehave({ frozen: true });
  const player = spawn('ffmpeg', ['-nostdin', '-rtsp_transport', 'tcp', '-i', open(camera, 'main'), '-f', 'null', '-']);
  const ended = new Promise((resolve) => player.once('close', resolve));
  t.teardown(() => player.kill('SIGKILL'));
  await until('it plays', () => camera.viewers.playing.main === 1);
  t.equal(player.exitCode, null);
  player.kill('SIGKILL');
  await ended;
  await until('it has gone', () => camera.viewers.connections === 0);
});

import { execFile } from 'node:child_process';
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

/** ffmpeg decodes this many pictures; resolves with what it complained about. */
async function decode(url: string, frames: number): Promise<string> {
  const input = ['-v', 'error', ...QUICKLY, '-rtsp_transport', 'tcp', '-i', url, '-frames:v', String(frames)];
  const { stderr } = await run('ffmpeg', ['-nostdin', ...input, '-f', 'null', '-'], { timeout: 12_000 });
  return stderr;
}

t.test('name and clock are burned in while somebody watches, by one encoder for all', async (t) => {
  const cameras = await startCameras(t, { plain: false });
  t.ok(cameras.studio.overlaid, 'ffmpeg can draw here');
  const camera = await cameras.start({ address: '127.64.30.5', name: "Lion's Gate: 50%, [east]; 100\\" });
  const complaints = await Promise.all([decode(open(camera, 'main'), 10), decode(open(camera, 'main'), 10)]);
  t.same(complaints, ['', '']);
  const encoders = (await run('ps', ['-eo', 'ppid,args'])).stdout
    .split('\n')
    .filter((line) => line.trim().startsWith(`${process.pid} `) && line.includes('drawtext'));
  t.equal(encoders.length, 1);
  await until('the encoder rests', async () => {
    const { stdout } = await run('ps', ['-eo', 'ppid,args']);
    return !stdout.split('\n').some((line) => line.trim().startsWith(`${process.pid} `) && line.includes('drawtext'));
  });
});

t.test('a snapshot is a JPEG, for those who log in', async (t) => {
  const cameras = await startCameras(t, { plain: false });
  const camera = await cameras.start({ address: '127.64.30.8', password: 'simple-1' });
  const { stdout } = await run('curl', ['-s', '--digest', '-u', 'admin:simple-1', camera.snapshotUrl], {
    encoding: 'buffer',
  });
  t.same(stdout.subarray(0, 3), Buffer.from([0xff, 0xd8, 0xff]));
  const refused = await run('curl', [
    '-s',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    '-u',
    'admin:simple-1',
    camera.snapshotUrl,
  ]);
  t.equal(refused.stdout, '401', 'Basic is not taken');
});

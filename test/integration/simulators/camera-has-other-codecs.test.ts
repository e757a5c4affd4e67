import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import { inspectCamera } from '../../../src/devices/onvif/inspect.ts';
import { onvifPorts, startCameras } from '../../support/streams/cameras.ts';

const run = promisify(execFile);
const DEADLINE = { timeout: 60_000 };

function withLogin(url: string, { username, password }: { username: string; password: string }): string {
  return url.replace('rtsp://', `rtsp://${username}:${encodeURIComponent(password)}@`);
}

t.test('a camera of H.265 is decoded by others, says so over ONVIF, and has a sub picture of H.264', async (t) => {
  const cameras = await startCameras(t);
  const camera = await cameras.start({ address: '127.64.20.91', codec: 'H265' });
  const { profiles } = await inspectCamera({ xaddr: camera.xaddr, ...camera.account }, onvifPorts(t));
  t.match(profiles, [
    { name: 'main', encoding: 'H265', width: 768, height: 576 },
    { name: 'sub', encoding: 'H264' },
  ]);
  const codecOf = async (url: string): Promise<unknown> => {
    const words = ['-v', 'error', '-rtsp_transport', 'tcp', '-show_entries', 'stream=codec_name,width,height'];
    const { stdout } = await run('ffprobe', [...words, '-of', 'json', url], DEADLINE);
    return JSON.parse(stdout).streams;
  };
  const [main, sub] = [
    withLogin(camera.streamUrl('main'), camera.account),
    withLogin(camera.streamUrl('sub'), camera.account),
  ];
  t.match(await codecOf(main), [{ codec_name: 'hevc', width: 768, height: 576 }]);
  t.match(await codecOf(sub), [{ codec_name: 'h264' }]);
  const words = ['-v', 'error', '-nostdin', '-rtsp_transport', 'tcp', '-i', main, '-frames:v', '30', '-f', 'null', '-'];
  const { stderr } = await run('ffmpeg', words, DEADLINE);
  t.equal(stderr, '', 'three seconds of it without one fault');
});

for (const [sound, codec] of [
  ['AAC', 'aac'],
  ['PCMA', 'pcm_alaw'],
] as const) {
  t.test(`what a camera hears goes along with its pictures, in ${sound}`, async (t) => {
    const cameras = await startCameras(t);
    const camera = await cameras.start({ address: '127.64.20.92', sound });
    const main = withLogin(camera.streamUrl('main'), camera.account);
    const words = ['-v', 'error', '-rtsp_transport', 'tcp', '-show_entries', 'stream=codec_name,codec_type'];
    const { stdout } = await run('ffprobe', [...words, '-of', 'json', main], DEADLINE);
    t.match(JSON.parse(stdout).streams, [{ codec_name: 'h264' }, { codec_type: 'audio', codec_name: codec }]);
    const decoding = ['-v', 'error', '-nostdin', '-rtsp_transport', 'tcp', '-i', main, '-t', '2', '-f', 'null', '-'];
    const { stderr } = await run('ffmpeg', decoding, DEADLINE);
    t.equal(stderr, '', 'two seconds of it without one fault');
  });
}

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualCamera } from '../../../simulators/camera/camera.ts';
import { Studio } from '../../../simulators/camera/video/studio.ts';
import { addressOf } from '../../../simulators/links/link.ts';

/** Virtual cameras of 2 Mbit/s and 25 pictures a second, as many as the argument says; a child process. */
const RATE = 'bitrate=2000:vbv-maxrate=2000:vbv-bufsize=1000:nal-hrd=cbr:keyint=50:min-keyint=50:scenecut=0';

const directory = mkdtempSync(join(tmpdir(), 'citywatch-bench-'));
const clipPath = join(directory, 'clip.mp4');
const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=25', '-t', '20', '-pix_fmt', 'yuv420p'];
const coding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0', '-threads', '1', '-x264-params', RATE];
execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...picture, ...coding, clipPath]);
const studio = await Studio.open({ plain: true, clipPath });
rmSync(directory, { recursive: true });

const urls: string[] = [];
for (let index = 0; index < Number(process.argv[2]); index += 1) {
  const id = `cam-${index}`;
  const options = { id, name: id, address: addressOf(index), password: 'simulated-camera', rtspAuth: 'none' } as const;
  urls.push((await VirtualCamera.start(studio, options)).streamUrl('main'));
}
process.once('disconnect', () => process.exit());
process.send?.(urls);

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Clip, readClip } from './mp4.ts';

const run = promisify(execFile);
/** Enough of the clip to be sent round and round; coding all of it takes long. */
const SECONDS = 8;
const DEADLINE_MS = 60_000;
const X265 = 'keyint=20:min-keyint=20:scenecut=0:bframes=0:pools=1:log-level=none';

/** The beginning of a clip in H.265, by an ffmpeg that has libx265; `directory` takes the file. */
export async function inH265(ffmpeg: string, clipPath: string, directory: string): Promise<Clip> {
  const path = join(directory, 'h265.mp4');
  const input = ['-v', 'error', '-nostdin', '-y', '-i', clipPath, '-t', `${SECONDS}`, '-an', '-pix_fmt', 'yuv420p'];
  const coding = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', X265, '-tag:v', 'hvc1'];
  await run(ffmpeg, [...input, ...coding, path], { timeout: DEADLINE_MS });
  return readClip(path);
}

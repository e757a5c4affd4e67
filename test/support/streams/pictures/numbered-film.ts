import { execFileSync } from 'node:child_process';
import { type Film, filmOf264 } from '../h264-source.ts';

/** Width of one bit of the number, in points of the picture as it is read. */
const BIT = 32;
const BITS = 8;
const FRAMES_PER_S = 10;

/** Pictures of the film. */
export const PICTURES = 200;

/** What a page read of one picture. */
export interface ReadNumber {
  number: number;
  atMs: number;
}

/**
 * A film of 20 s whose pictures show their number: eight bits from the left, the highest first, white for one.
 * `bitPx` is how wide one is, even; the picture is eight times as wide.
 */
export function numberedFilm({ bitPx = BIT, height = 144 } = {}): Film {
  const bit = `mod(floor(N/pow(2\\,${BITS - 1}-floor(X/${bitPx})))\\,2)`;
  const black = `color=black:size=${bitPx * BITS}x${height}:rate=${FRAMES_PER_S}`;
  const picture = `${black},geq=lum='16+219*${bit}':cb=128:cr=128`;
  const source = ['-f', 'lavfi', '-i', picture, '-t', '20', '-pix_fmt', 'yuv420p'];
  const coding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0', '-threads', '1'];
  const args = ['-v', 'error', '-nostdin', ...source, ...coding, '-x264-params', 'keyint=10:scenecut=0', '-f', 'h264'];
  return filmOf264(execFileSync('ffmpeg', [...args, '-'], { maxBuffer: 64 * 1024 * 1024 }), FRAMES_PER_S);
}

/** In the page: the number that each picture on it shows at the moment, and when it was read (Unix ms). */
export const READ_NUMBERS = `[...document.querySelectorAll('.tile video')].map((video) => {
  const canvas = document.createElement('canvas');
  canvas.width = ${BIT * BITS};
  canvas.height = 144;
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  const row = context.getImageData(0, 72, canvas.width, 1).data;
  let number = 0;
  for (let bit = 0; bit < ${BITS}; bit += 1) number = number * 2 + (row[(bit * ${BIT} + ${BIT / 2}) * 4] > 127 ? 1 : 0);
  return { number, atMs: performance.timeOrigin + performance.now() };
})`;

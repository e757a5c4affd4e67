import { execFileSync } from 'node:child_process';
import { type Film, nalUnits } from './h264-source.ts';

const VPS = 32;
const SPS = 33;
const PPS = 34;

let coded: Film | null = null;

/** A second of a coded test picture in H.265, 640x360, main profile, pictures in the order they are shown. */
export function hevcFilm(): Film {
  coded ??= codeFilm();
  return coded;
}

function codeFilm(): Film {
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=10:duration=1', '-pix_fmt', 'yuv420p'];
  const coding = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:bframes=0:keyint=5'];
  const args = ['-v', 'error', '-nostdin', ...source, ...coding, '-f', 'hevc', '-'];
  const units = nalUnits(execFileSync('ffmpeg', args, { maxBuffer: 64 * 1024 * 1024 }));
  const typeOf = (nal: Buffer) => (nal[0]! >> 1) & 0x3f;
  const set = (type: number) => units.find((nal) => typeOf(nal) === type)!;
  const frames: Film['frames'] = [];
  for (const nal of units.filter((unit) => typeOf(unit) < VPS)) {
    // The first bit after the header is 1 for the first slice of a picture.
    if (nal[2]! & 0x80) frames.push({ nals: [], key: typeOf(nal) >= 16 });
    frames.at(-1)!.nals.push(nal);
  }
  return { frames, vps: set(VPS), sps: set(SPS), pps: set(PPS), framesPerS: 10 };
}

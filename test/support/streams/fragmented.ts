import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const FILM = fileURLToPath(new URL('../../../simulators/media/cctv-pedestrians.mp4', import.meta.url));

/** The first seconds of the film as fragmented MP4, written by ffmpeg with the gateway's own muxing options. */
export function fragmentedFilm(seconds: number): Buffer {
  return fragmented(['-i', FILM, '-t', String(seconds), '-c', 'copy']);
}

/** A second of a test picture in H.265, 640x360, main profile, as fragmented MP4. */
export function fragmentedHevc(): Buffer {
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=10:duration=1', '-pix_fmt', 'yuv420p'];
  return fragmented([
    ...source,
    '-c:v',
    'libx265',
    '-preset',
    'ultrafast',
    '-x265-params',
    'log-level=none:bframes=0',
    '-tag:v',
    'hvc1',
  ]);
}

/** Two seconds of H.264, of a size that is cropped; `order`: whether pictures come as they are shown. */
export function fragmentedH264(order: 'in order' | 'out of order'): Buffer {
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=322x182:rate=25/2:duration=2', '-pix_fmt', 'yuv420p'];
  const between = order === 'in order' ? '0' : '2';
  return fragmented([...source, '-c:v', 'libx264', '-preset', 'veryfast', '-bf', between, '-g', '25', '-threads', '1']);
}

/** Some seconds of pictures, two unless told, and a rising tone beside them: AAC, stereo unless told. */
export function fragmentedWithSound({ rate = 48_000, channels = 2, seconds = 2 } = {}): Buffer {
  const size = `testsrc2=size=320x180:rate=25:duration=${seconds}`;
  const pictures = ['-f', 'lavfi', '-i', size, '-pix_fmt', 'yuv420p'];
  const rising = `aevalsrc=0.3*sin(2*PI*t*(200+40*t)):s=${rate}:d=${seconds}`;
  const tone = ['-f', 'lavfi', '-i', rising, '-ac', String(channels)];
  const video = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '0', '-g', '25', '-threads', '1'];
  return fragmented([...pictures.slice(0, 4), ...tone, ...pictures.slice(4), ...video, '-c:a', 'aac', '-b:a', '64k']);
}

/** Seconds of grey, lighter from each to the next, with a key frame at each: 12 pictures a second, 320x180. */
export function fragmentedSteps(seconds: number): Buffer {
  const source = ['-f', 'lavfi', '-i', `color=black:size=320x180:rate=12:duration=${seconds}`];
  const steps = ['-vf', "format=gray,geq=lum='20+20*floor(T)',format=yuv420p"];
  return fragmented([...source, ...steps, '-c:v', 'libx264', '-bf', '0', '-g', '12', '-threads', '1']);
}

/** By what ffmpeg was told: the same is written once for a process. */
const written = new Map<string, Buffer>();

function fragmented(source: readonly string[]): Buffer {
  const key = source.join(' ');
  const known = written.get(key);
  if (known) return known;
  const muxing = ['-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-frag_duration', '500000'];
  const args = ['-v', 'error', ...source, ...muxing, 'pipe:1'];
  const file = execFileSync('ffmpeg', args, { maxBuffer: 64 * 1024 * 1024 });
  written.set(key, file);
  return file;
}

import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Quality } from './video.ts';

const run = promisify(execFile);

/** What it takes to burn a name and the clock into the picture. */
export interface Overlay {
  ffmpeg: string;
  clipPath: string;
  fontPath: string;
  /** A file, not an argument: drawtext's own quoting is then not at the mercy of a camera's name. */
  labelPath: string;
  /** Where in the clip the first round begins, so that cameras do not all show the same moment. */
  startS: number;
}

/** Where Debian (fonts-dejavu-core comes with ffmpeg), Fedora and Alpine keep a font of fixed width. */
const FONT_PATHS = [
  '/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf',
  '/usr/share/fonts/dejavu-sans-mono-fonts/DejaVuSansMono.ttf',
  '/usr/share/fonts/dejavu/DejaVuSansMono.ttf',
  '/usr/share/fonts/truetype/liberation/LiberationMono-Regular.ttf',
];

const SIZES: Record<Quality, { width: number; height: number; font: number }> = {
  main: { width: 640, height: 480, font: 20 },
  sub: { width: 320, height: 240, font: 12 },
};

/** Width and height of what an encoded camera sends. */
export function encodedSize(quality: Quality): { width: number; height: number } {
  const { width, height } = SIZES[quality];
  return { width, height };
}

/**
 * Finds a font and sees that this ffmpeg can draw with it and encode H.264. Returns the font's path, or the reason why
 * pictures must go without a name.
 */
export async function findOverlayFont(ffmpeg: string): Promise<{ fontPath: string } | { reason: string }> {
  const fontPath = FONT_PATHS.find((path) => existsSync(path));
  if (!fontPath) return { reason: 'no font found; install fonts-dejavu-core' };
  const filter = `drawtext=fontfile=${fontPath}:text=x`;
  const args = ['-v', 'error', '-f', 'lavfi', '-i', 'color=s=64x64:d=0.1', '-vf', filter, '-c:v', 'libx264'];
  try {
    await run(ffmpeg, [...args, '-f', 'null', '-'], { timeout: 10_000 });
    return { fontPath };
  } catch {
    return { reason: `${ffmpeg} cannot draw text or encode H.264 (drawtext, libx264)` };
  }
}

/** Values inside a filter graph: one level for the option, one for the graph. */
function quote(path: string): string {
  return path.replace(/[\\':,;[\]%]/g, (character) => `\\\\\\${character}`);
}

function drawing(overlay: Overlay, quality: Quality): string {
  const { width, height, font } = SIZES[quality];
  const style = `fontfile=${quote(overlay.fontPath)}:fontsize=${font}:fontcolor=white:box=1:boxcolor=black@0.6:x=8`;
  const clock = `drawtext=${style}:boxborderw=4:y=8:text='%{localtime\\:%F %T}'`;
  const label = `drawtext=${style}:boxborderw=4:y=h-th-10:expansion=none:textfile=${quote(overlay.labelPath)}`;
  return `scale=${width}:${height}:flags=fast_bilinear,${clock},${label}`;
}

/**
 * ffmpeg that plays the clip for ever in real time and writes FLV to standard output. Started through setpriv, so that
 * the kernel ends it when the simulator dies, however that happens.
 */
export function encoderArguments(overlay: Overlay, quality: Quality): { command: string; args: string[] } {
  const start = ['-threads', '1', '-re', '-stream_loop', '-1', '-ss', String(overlay.startS)];
  const input = [...start, '-i', overlay.clipPath, '-an'];
  const filter = ['-filter_threads', '1', '-vf', drawing(overlay, quality)];
  const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline'];
  const group = ['-g', '20', '-keyint_min', '20', '-sc_threshold', '0', '-threads', '1'];
  const output = ['-flush_packets', '1', '-flvflags', 'no_duration_filesize', '-f', 'flv', 'pipe:1'];
  return underParent(overlay.ffmpeg, [...input, ...filter, ...codec, ...group, ...output]);
}

/** One picture of the clip, with name and clock, as JPEG. */
export async function drawSnapshot(overlay: Overlay): Promise<Buffer> {
  const input = ['-threads', '1', '-ss', String(overlay.startS), '-i', overlay.clipPath, '-frames:v', '1'];
  const output = ['-vf', drawing(overlay, 'main'), '-q:v', '5', '-f', 'image2pipe', '-c:v', 'mjpeg', 'pipe:1'];
  const { command, args } = underParent(overlay.ffmpeg, [...input, ...output]);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const status = await new Promise((resolve) => {
    child.once('error', resolve);
    child.once('close', resolve);
  });
  if (status !== 0 || chunks.length === 0) throw new Error('ffmpeg made no picture');
  return Buffer.concat(chunks);
}

function underParent(ffmpeg: string, args: string[]): { command: string; args: string[] } {
  const quiet = ['-hide_banner', '-nostdin', '-v', 'error', ...args];
  return { command: 'setpriv', args: ['--pdeathsig', 'KILL', ffmpeg, ...quiet] };
}

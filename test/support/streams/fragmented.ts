import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { writeFragment } from '../../../src/streams/fmp4/fragment-writer.ts';
import { FragmentParser } from '../../../src/streams/fmp4/parser.ts';
import { samplesOf, soundIn } from '../../../src/streams/fmp4/samples.ts';
import { runOf } from '../../../src/streams/fmp4/tracks/placed.ts';

const FILM = fileURLToPath(new URL('../../../simulators/media/cctv-pedestrians.mp4', import.meta.url));

/** The first seconds of the film as fragmented MP4, written by ffmpeg with the gateway's own muxing options. */
export function fragmentedFilm(seconds: number): Buffer {
  return fragmented(['-i', FILM, '-t', String(seconds), '-c', 'copy']);
}

/** A second of a test picture in H.265, 640x360, main profile, as fragmented MP4. */
export function fragmentedHevc(): Buffer {
  return fragmented([...TEST_PICTURE, '-t', '1', '-pix_fmt', 'yuv420p', ...hevc('bframes=0')]);
}

/**
 * Some seconds of H.265, shown in another order than they are coded, with a key frame each two, and a rising tone that
 * ends half a second sooner, so that there is no fragment without pictures.
 */
export function fragmentedHevcWithSound(seconds: number): Buffer {
  const tone = ['-f', 'lavfi', '-i', `aevalsrc=0.3*sin(2*PI*t*(200+40*t)):s=16000:d=${seconds - 0.5}`, '-ac', '1'];
  const coding = [...hevc('bframes=2:keyint=20:min-keyint=20:open-gop=0'), '-c:a', 'aac', '-b:a', '32k'];
  return fragmented([...TEST_PICTURE, ...tone, '-t', String(seconds), '-pix_fmt', 'yuv420p', ...coding]);
}

/** Some seconds of one picture each two seconds, each a key frame, and a tone beside them. */
export function fragmentedSlowWithSound(seconds: number, bitrate = '32k'): Buffer {
  const pictures = ['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=0.5:duration=${seconds}`];
  const tone = ['-f', 'lavfi', '-i', `aevalsrc=0.3*sin(2*PI*t*(200+40*t)):s=16000:d=${seconds}`, '-ac', '1'];
  const coding = ['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-bf', '0', '-g', '1', '-tune', 'zerolatency'];
  return fragmented([...pictures, ...tone, ...coding, '-threads', '1', '-c:a', 'aac', '-b:a', bitrate]);
}

const TEST_PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=10'];

function hevc(order: string): string[] {
  return ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', `log-level=none:${order}`, '-tag:v', 'hvc1'];
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

/**
 * A film whose sound comes so many seconds late, as some cameras send it: each fragment has that of a while before its
 * pictures, with times that are right.
 */
export function withLateSound(film: Buffer, lateS: number): Buffer {
  const [head, ...parts] = new FragmentParser().push(film);
  if (head?.type !== 'init' || !head.init.movie.sound) throw new Error('no film with sound');
  const { movie, data: init } = head.init;
  const { sound } = movie;
  const fragments = parts.flatMap((part) => (part.type === 'fragment' ? [part.fragment.data] : []));
  const frames = fragments.flatMap((data) => soundIn(data, movie));
  const ends = fragments.map((_, at) => {
    const next = fragments[at + 1];
    return next ? samplesOf(next, movie)[0]!.decodeTime / movie.timescale - lateS : Number.POSITIVE_INFINITY;
  });
  const written = fragments.map((data, at) => {
    const count = frames.findIndex(({ decodeTime }) => decodeTime / sound!.timescale >= ends[at]!);
    const beside = frames.splice(0, count < 0 ? frames.length : count);
    const runs = [...runOf(movie.trackId, samplesOf(data, movie)), ...runOf(sound!.trackId, beside)];
    return writeFragment({ sequence: at + 1, tracks: runs });
  });
  return Buffer.concat([init, ...written]);
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

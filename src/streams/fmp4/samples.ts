import { BoxError, ByteCursor, boxesIn, boxHeader, required } from './boxes.ts';
import type { Movie } from './movie.ts';
import type { TrackDefaults } from './tracks/track-boxes.ts';

/** One coded picture of a fragment, or a piece of its sound. Times are in the track's timescale. */
export interface FoundSample {
  data: Buffer;
  /** When it is decoded, and how long after that it is shown. */
  decodeTime: number;
  shownAfter: number;
  duration: number;
  key: boolean;
}

const SAMPLES_MAX = 10_000;
const NON_SYNC = 0x10000;
/** Flags of `tfhd` and `trun` (ISO/IEC 14496-12 §8.8.7 and §8.8.8). */
const TFHD = { baseOffset: 0x1, description: 0x2, duration: 0x8, size: 0x10, flags: 0x20 };
const TRUN = { offset: 0x1, firstFlags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, shownAfter: 0x800 };

/** The pictures of a fragment (`moof` and `mdat`). Throws {@link BoxError} where they are not all there. */
export function samplesOf(fragment: Buffer, movie: Movie): FoundSample[] {
  const samples = trackSamples(fragment, movie);
  if (samples === null) throw new BoxError('fragment without video');
  if (samples.length === 0) throw new BoxError('fragment without samples');
  return samples;
}

/**
 * The sound of a fragment, times in its own timescale; none where the fragment or the movie has none. Throws
 * {@link BoxError} where it is not all there.
 */
export function soundIn(fragment: Buffer, { sound }: Pick<Movie, 'sound'>): FoundSample[] {
  return (sound && trackSamples(fragment, sound)) ?? [];
}

function trackSamples(fragment: Buffer, track: TrackDefaults): FoundSample[] | null {
  const header = boxHeader(fragment);
  if (header?.type !== 'moof' || header.sizeBytes > fragment.length) throw new BoxError('fragment without moof');
  for (const { type, body } of boxesIn(fragment.subarray(header.headerBytes, header.sizeBytes))) {
    if (type !== 'traf') continue;
    const traf = boxesIn(body);
    const defaults = defaultsOf(required(traf, 'tfhd'), track);
    if (defaults.trackId !== track.trackId) continue;
    const walk = { decodeTime: decodeTimeOf(required(traf, 'tfdt')), at: 0 };
    const samples: FoundSample[] = [];
    for (const run of traf.filter((box) => box.type === 'trun'))
      readRun(run.body, { fragment, defaults, walk }, samples);
    return samples;
  }
  return null;
}

interface Defaults {
  trackId: number;
  duration: number;
  size: number;
  flags: number;
}

function defaultsOf(tfhd: Buffer, track: TrackDefaults): Defaults {
  const cursor = new ByteCursor(tfhd);
  const flags = cursor.u32();
  const trackId = cursor.u32();
  if (flags & TFHD.baseOffset) cursor.skip(8);
  if (flags & TFHD.description) cursor.skip(4);
  const duration = flags & TFHD.duration ? cursor.u32() : track.sampleDuration;
  const size = flags & TFHD.size ? cursor.u32() : 0;
  return { trackId, duration, size, flags: flags & TFHD.flags ? cursor.u32() : track.sampleFlags };
}

function decodeTimeOf(tfdt: Buffer): number {
  const cursor = new ByteCursor(tfdt);
  const version = cursor.u8();
  cursor.skip(3);
  return version === 1 ? cursor.u64() : cursor.u32();
}

interface Run {
  fragment: Buffer;
  defaults: Defaults;
  /** Goes on from run to run. */
  walk: { decodeTime: number; at: number };
}

function readRun(trun: Buffer, { fragment, defaults, walk }: Run, samples: FoundSample[]): void {
  const cursor = new ByteCursor(trun);
  const flags = cursor.u32();
  const count = cursor.u32();
  if (samples.length + count > SAMPLES_MAX) throw new BoxError(`fragment of more than ${SAMPLES_MAX} samples`);
  if (flags & TRUN.offset) walk.at = cursor.u32();
  const firstFlags = flags & TRUN.firstFlags ? cursor.u32() : null;
  for (let index = 0; index < count; index += 1) {
    const duration = flags & TRUN.duration ? cursor.u32() : defaults.duration;
    const size = flags & TRUN.size ? cursor.u32() : defaults.size;
    const own = flags & TRUN.flags ? cursor.u32() : defaults.flags;
    // Before 0 where it is shown earlier than it is decoded; players take it so in either version.
    const shownAfter = flags & TRUN.shownAfter ? cursor.u32() | 0 : 0;
    const key = ((index === 0 ? (firstFlags ?? own) : own) & NON_SYNC) === 0;
    if (walk.at === 0 || walk.at + size > fragment.length) throw new BoxError('sample is cut off');
    const data = fragment.subarray(walk.at, walk.at + size);
    samples.push({ data, decodeTime: walk.decodeTime, shownAfter, duration, key });
    walk.at += size;
    walk.decodeTime += duration;
  }
}

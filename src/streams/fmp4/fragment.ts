import { BoxError, ByteCursor, boxesIn, required } from './boxes.ts';
import type { Movie } from './movie.ts';

/** What `moof` says of the video in the `mdat` after it. */
export interface FragmentTimes {
  /** Decode time of the first sample, in the track's timescale. */
  decodeTime: number;
  /** Sum of the samples' durations, in the track's timescale. */
  duration: number;
  samples: number;
  /** Whether the first sample is a key frame, so that a player may start here. */
  key: boolean;
}

const SAMPLES_MAX = 10_000;
/** Bit of the sample flags that says "not a key frame" (ISO/IEC 14496-12 §8.8.3.1). */
const NON_SYNC = 0x10000;

/** Reads the traf of the video track; throws {@link BoxError} when there is none or it is not consistent. */
export function parseFragment(moof: Buffer, movie: Movie): FragmentTimes {
  for (const { type, body } of boxesIn(moof)) {
    if (type !== 'traf') continue;
    const traf = boxesIn(body);
    const header = trackHeader(required(traf, 'tfhd'), movie);
    if (header.trackId !== movie.trackId) continue;
    const runs = traf.filter((box) => box.type === 'trun').map((box) => sampleRun(box.body, header));
    const samples = runs.reduce((sum, run) => sum + run.samples, 0);
    if (samples === 0) throw new BoxError('fragment without samples');
    return {
      decodeTime: decodeTime(required(traf, 'tfdt')),
      duration: runs.reduce((sum, run) => sum + run.duration, 0),
      samples,
      key: (runs[0]!.firstFlags & NON_SYNC) === 0,
    };
  }
  throw new BoxError('fragment without video');
}

/** Where the first video sample lies from the beginning of `moof`, and how long it is. */
export function firstSample(moof: Buffer, movie: Movie): { offset: number; bytes: number } {
  for (const { type, body } of boxesIn(moof)) {
    if (type !== 'traf') continue;
    const traf = boxesIn(body);
    const header = trackHeader(required(traf, 'tfhd'), movie);
    if (header.trackId !== movie.trackId) continue;
    const cursor = new ByteCursor(required(traf, 'trun'));
    const flags = cursor.u32() & 0xffffff;
    if (cursor.u32() === 0 || !(flags & 0x1)) throw new BoxError('fragment without a place of its data');
    const offset = cursor.u32();
    if (flags & 0x4) cursor.skip(4);
    if (flags & 0x100) cursor.skip(4);
    return { offset, bytes: flags & 0x200 ? cursor.u32() : header.sampleBytes };
  }
  throw new BoxError('fragment without video');
}

interface TrackHeader {
  trackId: number;
  /** 0 where each sample says its own. */
  sampleBytes: number;
  sampleDuration: number;
  sampleFlags: number;
}

function trackHeader(tfhd: Buffer, movie: Movie): TrackHeader {
  const cursor = new ByteCursor(tfhd);
  const flags = cursor.u32() & 0xffffff;
  const trackId = cursor.u32();
  if (flags & 0x1) cursor.skip(8);
  if (flags & 0x2) cursor.skip(4);
  const sampleDuration = flags & 0x8 ? cursor.u32() : movie.sampleDuration;
  const sampleBytes = flags & 0x10 ? cursor.u32() : 0;
  const sampleFlags = flags & 0x20 ? cursor.u32() : movie.sampleFlags;
  return { trackId, sampleBytes, sampleDuration, sampleFlags };
}

function decodeTime(tfdt: Buffer): number {
  const cursor = new ByteCursor(tfdt);
  const version = cursor.u8();
  cursor.skip(3);
  return version === 1 ? cursor.u64() : cursor.u32();
}

function sampleRun(trun: Buffer, header: TrackHeader): { samples: number; duration: number; firstFlags: number } {
  const cursor = new ByteCursor(trun);
  const flags = cursor.u32() & 0xffffff;
  const samples = cursor.u32();
  if (samples > SAMPLES_MAX) throw new BoxError(`fragment of more than ${SAMPLES_MAX} samples`);
  if (flags & 0x1) cursor.skip(4);
  let firstFlags = flags & 0x4 ? cursor.u32() : header.sampleFlags;
  let duration = 0;
  for (let index = 0; index < samples; index += 1) {
    duration += flags & 0x100 ? cursor.u32() : header.sampleDuration;
    if (flags & 0x200) cursor.skip(4);
    if (flags & 0x400) {
      const own = cursor.u32();
      if (index === 0 && !(flags & 0x4)) firstFlags = own;
    }
    if (flags & 0x800) cursor.skip(4);
  }
  return { samples, duration, firstFlags };
}

import { type Box, BoxError, ByteCursor, boxesIn, required } from './boxes.ts';
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

/** One sample as `trun` tells it. */
interface Row {
  duration: number;
  bytes: number;
  flags: number;
  /** How much later than decoded it is shown, in the track's timescale. */
  shownLater: number;
}

interface Run {
  /** Of its first sample, from the beginning of `moof`; null where it is not told. */
  dataAt: number | null;
  rows: Row[];
}

/** Reads the traf of the video track; throws {@link BoxError} when there is none or it is not consistent. */
export function parseFragment(moof: Buffer, movie: Movie): FragmentTimes {
  const traf = trackFragment(moof, movie);
  const rows = runsOf(traf, movie).flatMap((run) => run.rows);
  if (rows.length === 0) throw new BoxError('fragment without samples');
  return {
    decodeTime: decodeTime(required(traf, 'tfdt')),
    duration: rows.reduce((sum, { duration }) => sum + duration, 0),
    samples: rows.length,
    key: (rows[0]!.flags & NON_SYNC) === 0,
  };
}

/** A coded picture of a fragment: where it lies from the beginning of `moof`. */
export interface SamplePlace {
  offset: number;
  bytes: number;
  /** From the beginning of the fragment to when it is decoded, in the track's timescale. */
  decodedAt: number;
  shownLater: number;
}

/** The pictures of a fragment, in order. Throws {@link BoxError} where it does not say where they lie. */
export function samplePlaces(moof: Buffer, movie: Movie): SamplePlace[] {
  const places: SamplePlace[] = [];
  let at: number | null = null;
  let decodedAt = 0;
  for (const { dataAt, rows } of runsOf(trackFragment(moof, movie), movie)) {
    at = dataAt ?? at;
    if (at === null) throw new BoxError('fragment without a place of its data');
    for (const { bytes, duration, shownLater } of rows) {
      places.push({ offset: at, bytes, decodedAt, shownLater });
      at += bytes;
      decodedAt += duration;
    }
  }
  return places;
}

/** The boxes that are told of the video. */
function trackFragment(moof: Buffer, movie: Movie): Box[] {
  for (const { type, body } of boxesIn(moof)) {
    if (type !== 'traf') continue;
    const traf = boxesIn(body);
    if (trackHeader(required(traf, 'tfhd'), movie).trackId === movie.trackId) return traf;
  }
  throw new BoxError('fragment without video');
}

function runsOf(traf: readonly Box[], movie: Movie): Run[] {
  const header = trackHeader(required(traf, 'tfhd'), movie);
  return traf.filter(({ type }) => type === 'trun').map(({ body }) => sampleRun(body, header));
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

function sampleRun(trun: Buffer, header: TrackHeader): Run {
  const cursor = new ByteCursor(trun);
  const version = cursor.u8();
  const flags = cursor.u8() * 0x10000 + cursor.u16();
  const samples = cursor.u32();
  if (samples > SAMPLES_MAX) throw new BoxError(`fragment of more than ${SAMPLES_MAX} samples`);
  const dataAt = flags & 0x1 ? cursor.u32() : null;
  const firstFlags = flags & 0x4 ? cursor.u32() : null;
  const rows: Row[] = [];
  for (let index = 0; index < samples; index += 1) {
    const duration = flags & 0x100 ? cursor.u32() : header.sampleDuration;
    const bytes = flags & 0x200 ? cursor.u32() : header.sampleBytes;
    const own = flags & 0x400 ? cursor.u32() : header.sampleFlags;
    const later = flags & 0x800 ? cursor.u32() : 0;
    const shownLater = version === 0 ? later : later | 0;
    rows.push({ duration, bytes, flags: index === 0 ? (firstFlags ?? own) : own, shownLater });
  }
  return { dataAt, rows };
}

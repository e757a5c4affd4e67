import { fullBox, u16, u32 } from '../fmp4/box-writer.ts';
import { writeFragment } from '../fmp4/fragment-writer.ts';
import type { Movie } from '../fmp4/movie.ts';
import { samplesOf, soundIn } from '../fmp4/samples.ts';
import { runOf } from '../fmp4/tracks/placed.ts';
import type { Moment } from './moments.ts';

/** The index says 31 bits of bytes and 32 of time for each fragment. */
const BYTES_MAX = 0x7fffffff;
const TICKS_MAX = 0xffffffff;
/** Begins with a key frame, of the first type (ISO/IEC 14496-12 §8.16.3). */
const BEGINS_WITH_KEY = 0x90000000;
/** What is so near to the end of what was before goes on with it. */
const FOLLOWS_MS = 20;
/** Times are rounded a few times on their way here. */
const ROUNDED_MS = 2;

/**
 * One fragmented MP4 of fragments that have the same initialisation segment: their pictures as they are, with times
 * from 0 on and as far apart as they were. An index (`sidx`) tells a player how long it is and where to go.
 */
export async function clipFile(moments: readonly Moment[]): Promise<Buffer> {
  const { init, startsAtMs } = moments[0]!;
  const ticksAt = ticksOf(moments, startsAtMs);
  const fragments: Buffer[] = [];
  let soundFrom = 0;
  for (const [index, moment] of moments.entries()) {
    const place = { sequence: index + 1, decodeTime: ticksAt[index]!, soundFrom };
    const { data, soundEnds } = standing(await moment.read(), init.movie, place);
    fragments.push(data);
    soundFrom = soundEnds;
  }
  const rows = moments.map((moment, index) => {
    const next = ticksAt[index + 1] ?? ticksAt[index]! + toTicks(moment.durationMs, init.movie);
    return { bytes: fragments[index]!.length, ticks: next - ticksAt[index]!, key: moment.key };
  });
  return Buffer.concat([init.data, indexOf(rows, init.movie), ...fragments]);
}

/** When each begins in the clip. Within a run they follow each other, so that no rounding comes between. */
function ticksOf(moments: readonly Moment[], zeroMs: number): number[] {
  const ticks: number[] = [];
  for (const [index, { startsAtMs, init, run }] of moments.entries()) {
    const told = toTicks(startsAtMs - zeroMs, init.movie);
    const last = moments[index - 1];
    const due = last ? ticks[index - 1]! + toTicks(last.durationMs, init.movie) : 0;
    const follows = last?.run === run && Math.abs(told - due) <= toTicks(FOLLOWS_MS, init.movie);
    ticks.push(follows ? due : Math.max(told, due));
  }
  return ticks;
}

function toTicks(ms: number, { timescale }: Movie): number {
  return Math.round((ms * timescale) / 1_000);
}

/** Where a fragment stands in a clip. */
interface Standing {
  sequence: number;
  /** When its first picture is decoded, in the timescale of the pictures. */
  decodeTime: number;
  /** Where the sound before it ends, in the timescale of the sound. */
  soundFrom: number;
}

/**
 * A copy of a fragment, its sound as far from its pictures as it was. What would sound before the clip, or where
 * something sounds already, is left out: cameras send sound late, so that a fragment has that of pictures before it.
 * Throws {@link BoxError} for none of ours.
 */
function standing(fragment: Buffer, movie: Movie, { sequence, decodeTime, soundFrom }: Standing) {
  const pictures = samplesOf(fragment, movie);
  const video = runOf(movie.trackId, pictures).map((run) => ({ ...run, decodeTime }));
  const { sound } = movie;
  if (!sound) return { data: writeFragment({ sequence, tracks: video }), soundEnds: soundFrom };
  const later = ((decodeTime - pictures[0]!.decodeTime) * sound.timescale) / movie.timescale;
  const from = soundFrom - (ROUNDED_MS * sound.timescale) / 1_000;
  const kept = soundIn(fragment, movie).filter((frame) => frame.decodeTime + later >= from);
  const [run] = runOf(sound.trackId, kept);
  if (!run) return { data: writeFragment({ sequence, tracks: video }), soundEnds: soundFrom };
  const begins = Math.max(soundFrom, Math.round(run.decodeTime + later));
  const soundEnds = run.samples.reduce((sum, { duration }) => sum + duration, begins);
  const data = writeFragment({ sequence, tracks: [...video, { ...run, decodeTime: begins }] });
  return { data, soundEnds };
}

function indexOf(rows: readonly { bytes: number; ticks: number; key: boolean }[], movie: Movie): Buffer {
  if (rows.length > 0xffff || rows.some(({ bytes, ticks }) => bytes > BYTES_MAX || ticks > TICKS_MAX)) {
    return Buffer.alloc(0);
  }
  const from = Buffer.alloc(16);
  const references = rows.map(({ bytes, ticks, key }) => u32(bytes, ticks, key ? BEGINS_WITH_KEY : 0));
  return fullBox(
    'sidx',
    0x01000000,
    u32(movie.trackId, movie.timescale),
    from,
    u16(0, rows.length),
    Buffer.concat(references),
  );
}

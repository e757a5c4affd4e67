import { fullBox, u16, u32 } from '../fmp4/box-writer.ts';
import { BoxError, boxesIn, boxHeader, required } from '../fmp4/boxes.ts';
import { parseFragment } from '../fmp4/fragment.ts';
import type { Movie } from '../fmp4/movie.ts';
import type { Moment } from './moments.ts';

/** The index says 31 bits of bytes and 32 of time for each fragment. */
const BYTES_MAX = 0x7fffffff;
const TICKS_MAX = 0xffffffff;
/** Begins with a key frame, of the first type (ISO/IEC 14496-12 §8.16.3). */
const BEGINS_WITH_KEY = 0x90000000;

/**
 * One fragmented MP4 of fragments that have the same initialisation segment: their pictures as they are, with times
 * from 0 on and as far apart as they were. An index (`sidx`) tells a player how long it is and where to go.
 */
export async function clipFile(moments: readonly Moment[]): Promise<Buffer> {
  const { init, startsAtMs } = moments[0]!;
  const ticksAt = ticksOf(moments, startsAtMs);
  const fragments: Buffer[] = [];
  for (const [index, moment] of moments.entries()) {
    fragments.push(moved(await moment.read(), { movie: init.movie, sequence: index + 1, decodeTime: ticksAt[index]! }));
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

const FOLLOWS_MS = 20;

function toTicks(ms: number, { timescale }: Movie): number {
  return Math.round((ms * timescale) / 1_000);
}

interface Place {
  movie: Movie;
  sequence: number;
  decodeTime: number;
}

/** A copy of a fragment whose first picture is decoded at another time. Throws {@link BoxError} for none of ours. */
export function moved(fragment: Buffer, { movie, sequence, decodeTime }: Place): Buffer {
  const copy = Buffer.from(fragment);
  const header = boxHeader(copy);
  if (header?.type !== 'moof') throw new BoxError('fragment without moof');
  const moof = boxesIn(copy.subarray(header.headerBytes, header.sizeBytes));
  required(moof, 'mfhd').writeUInt32BE(sequence, 4);
  const byS =
    (decodeTime - parseFragment(copy.subarray(header.headerBytes, header.sizeBytes), movie).decodeTime) /
    movie.timescale;
  for (const { type, body } of moof) {
    if (type !== 'traf') continue;
    const traf = boxesIn(body);
    const trackId = required(traf, 'tfhd').readUInt32BE(4);
    const tfdt = required(traf, 'tfdt');
    if (trackId === movie.trackId) writeTime(tfdt, decodeTime);
    else if (trackId === movie.sound?.trackId) writeTime(tfdt, soundTime(tfdt, byS * movie.sound.timescale));
  }
  return copy;
}

/** When sound begins that is moved as its pictures are; none begins before the clip. */
function soundTime(tfdt: Buffer, byTicks: number): number {
  const time = tfdt[0] === 1 ? Number(tfdt.readBigUInt64BE(4)) : tfdt.readUInt32BE(4);
  return Math.max(0, Math.round(time + byTicks));
}

function writeTime(tfdt: Buffer, time: number): void {
  if (tfdt[0] === 1 && tfdt.length >= 12) tfdt.writeBigUInt64BE(BigInt(time), 4);
  else tfdt.writeUInt32BE(time, 4);
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

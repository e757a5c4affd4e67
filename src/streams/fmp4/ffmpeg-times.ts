import { boxesIn, required } from './boxes.ts';
import type { Movie } from './movie.ts';

/** Where in `trun` the flags, the number of samples and the fields that may be there stand (§8.8.8.2). */
const DATA_OFFSET = 0x1;
const FIRST_FLAGS = 0x4;
const DURATIONS = 0x100;
const OTHER_FIELDS = [0x200, 0x400, 0x800];

export interface Correction {
  /** Where the stream is to begin. */
  beginsAtS: number;
  first: boolean;
}

/**
 * Moves a fragment (`moof`) of ffmpeg to later, in place: it begins at 0, where nothing fits before. `first`: the first
 * of a run, where ffmpeg 5 shows the second picture right after the first, and each that follows a picture too early;
 * the first picture is put as long before the second as the third is after it.
 */
export function correctTimes(moof: Buffer, movie: Movie, { beginsAtS, first }: Correction): void {
  for (const { type, body } of boxesIn(moof)) {
    if (type !== 'traf') continue;
    const traf = boxesIn(body);
    const tfdt = required(traf, 'tfdt');
    const isSound = required(traf, 'tfhd').readUInt32BE(4) === movie.sound?.trackId;
    const ticks = beginsAtS * (isSound ? movie.sound!.timescale : movie.timescale);
    const moved = ticks - (first && !isSound ? mendFirst(required(traf, 'trun')) : 0);
    if (tfdt[0] === 1 && tfdt.length >= 12) tfdt.writeBigUInt64BE(tfdt.readBigUInt64BE(4) + BigInt(moved), 4);
    else if (tfdt.length >= 8) tfdt.writeUInt32BE((tfdt.readUInt32BE(4) + moved) >>> 0, 4);
  }
}

/** Ticks by which the first sample now lasts longer. */
function mendFirst(trun: Buffer): number {
  const flags = trun.length >= 8 ? trun.readUInt32BE(0) & 0xffffff : 0;
  const rowBytes = 4 * (1 + OTHER_FIELDS.filter((field) => flags & field).length);
  const at = 8 + (flags & DATA_OFFSET ? 4 : 0) + (flags & FIRST_FLAGS ? 4 : 0);
  if (!(flags & DURATIONS) || trun.length < at + 2 * rowBytes) return 0;
  const [one, two] = [trun.readUInt32BE(at), trun.readUInt32BE(at + rowBytes)];
  if (one > 1 || two <= 1) return 0;
  trun.writeUInt32BE(two, at);
  return two - one;
}

import { BOX_HEADER_BYTES, box, fullBox, u32 } from './box-writer.ts';

/** Writing of fragments (ISO/IEC 14496-12 §8.8) of one track or several. */

/** One coded picture, or a piece of sound. */
export interface Sample {
  /** Its bytes, in one piece or several; a picture's NAL units stand each behind its length. */
  data: readonly Buffer[];
  /** Until the next one is decoded, in the track's timescale; at least 1. */
  duration: number;
  /** Whether decoding may begin with it. */
  key: boolean;
  /** How much later than decoded it is shown, in the track's timescale; negative for earlier. */
  shownLater?: number;
}

export interface TrackRun {
  trackId: number;
  /** Decode time of the first sample, in the track's timescale. */
  decodeTime: number;
  /** At least one. */
  samples: readonly Sample[];
}

export interface FragmentToWrite {
  /** Grows with every fragment of a stream. */
  sequence: number;
  /** That of the video first. */
  tracks: readonly TrackRun[];
}

/** Data is found from the beginning of `moof` (§8.8.7.1). */
const DEFAULT_BASE_IS_MOOF = 0x20000;
/** Offset of data; duration, size and flags of each sample (§8.8.8.1). */
const RUN_FLAGS = 0x1 | 0x100 | 0x200 | 0x400;
/** When each is shown; signed in version 1 of the box. */
const SHOWN_LATER = 0x01000800;
const SAMPLE_BYTES = 12;
/** Where the offset of the data stands in the content of `trun`: behind version, flags and number of samples. */
const OFFSET_AT = 8;
/** Depends on no other sample, or on others and is no place to begin (§8.8.3.1). */
const KEY_FLAGS = 0x02000000;
const OTHER_FLAGS = 0x01010000;

/** `moof` and `mdat` in one piece. */
export function writeFragment({ sequence, tracks }: FragmentToWrite): Buffer {
  const written = tracks.map((track) => ({
    ...trackFragment(track),
    pieces: track.samples.flatMap(({ data }) => data),
  }));
  const moof = box('moof', fullBox('mfhd', 0, u32(sequence)), ...written.map(({ traf }) => traf));
  let end = moof.length;
  let dataAt = moof.length + BOX_HEADER_BYTES;
  // From the last one, whose end is that of `moof`.
  for (const { traf } of written) end -= traf.length;
  for (const { traf, offsetAt, pieces } of written) {
    moof.writeUInt32BE(dataAt, end + offsetAt);
    end += traf.length;
    dataAt += bytesOf(pieces);
  }
  const head = Buffer.alloc(BOX_HEADER_BYTES);
  head.writeUInt32BE(dataAt - moof.length, 0);
  head.write('mdat', 4, 'latin1');
  return Buffer.concat([moof, head, ...written.flatMap(({ pieces }) => pieces)], dataAt);
}

/** `traf`, and where in it the offset of its data is to be filled in. */
function trackFragment({ trackId, decodeTime, samples }: TrackRun): { traf: Buffer; offsetAt: number } {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(decodeTime));
  const reordered = samples.some(({ shownLater = 0 }) => shownLater !== 0);
  const trun = fullBox('trun', RUN_FLAGS | (reordered ? SHOWN_LATER : 0), runOf(samples, reordered));
  const tfhd = fullBox('tfhd', DEFAULT_BASE_IS_MOOF, u32(trackId));
  const traf = box('traf', tfhd, fullBox('tfdt', 0x01000000, time), trun);
  return { traf, offsetAt: traf.length - trun.length + BOX_HEADER_BYTES + OFFSET_AT };
}

/** Number of samples, offset of their data (filled in later), and a row for each. */
function runOf(samples: readonly Sample[], reordered: boolean): Buffer {
  const rowBytes = SAMPLE_BYTES + (reordered ? 4 : 0);
  const run = Buffer.alloc(8 + samples.length * rowBytes);
  run.writeUInt32BE(samples.length, 0);
  for (const [index, { data, duration, key, shownLater = 0 }] of samples.entries()) {
    const at = 8 + index * rowBytes;
    run.writeUInt32BE(duration, at);
    run.writeUInt32BE(bytesOf(data), at + 4);
    run.writeUInt32BE(key ? KEY_FLAGS : OTHER_FLAGS, at + 8);
    if (reordered) run.writeInt32BE(shownLater, at + 12);
  }
  return run;
}

function bytesOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

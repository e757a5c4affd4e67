/** Writing of fragments (ISO/IEC 14496-12 §8.8) of one video track. */

/** One coded picture, in the order of decoding. */
export interface Sample {
  /** Its NAL units, each behind its length, in one piece or several. */
  data: readonly Buffer[];
  /** Until the next one is decoded, in the track's timescale; at least 1. */
  duration: number;
  /** When it is shown, after it is decoded; below 0 where it is shown before. */
  shownAfter: number;
  /** Whether decoding may begin with it. */
  key: boolean;
}

export interface FragmentToWrite {
  trackId: number;
  /** Grows with every fragment of a track. */
  sequence: number;
  /** Decode time of the first sample, in the track's timescale. */
  decodeTime: number;
  samples: readonly Sample[];
}

const HEADER_BYTES = 8;
/** Data is found from the beginning of `moof` (§8.8.7.1). */
const DEFAULT_BASE_IS_MOOF = 0x20000;
/** Offset of data; duration, size, flags and composition offset of each sample (§8.8.8.1). */
const RUN_FLAGS = 0x1 | 0x100 | 0x200 | 0x400 | 0x800;
const SAMPLE_BYTES = 16;
/** Depends on no other sample, or on others and is no place to begin (§8.8.3.1). */
const KEY_FLAGS = 0x02000000;
const OTHER_FLAGS = 0x01010000;

/** A box of `type` around `parts`. */
function box(type: string, ...parts: Buffer[]): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  const bytes = parts.reduce((sum, part) => sum + part.length, HEADER_BYTES);
  head.writeUInt32BE(bytes, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...parts], bytes);
}

/** As `box`, with version and flags before `parts` (§4.2). */
function fullBox(type: string, versionAndFlags: number, ...parts: Buffer[]): Buffer {
  return box(type, u32(versionAndFlags), ...parts);
}

/** Numbers of four bytes each. */
function u32(...values: number[]): Buffer {
  const data = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) data.writeUInt32BE(value >>> 0, index * 4);
  return data;
}

/** `moof` and `mdat` in one piece. */
export function writeFragment({ trackId, sequence, decodeTime, samples }: FragmentToWrite): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(decodeTime));
  const run = runOf(samples);
  const traf = box(
    'traf',
    fullBox('tfhd', DEFAULT_BASE_IS_MOOF, u32(trackId)),
    fullBox('tfdt', 0x01000000, time),
    // Version 1, whose composition offsets have a sign.
    fullBox('trun', 0x01000000 | RUN_FLAGS, run),
  );
  const moof = box('moof', fullBox('mfhd', 0, u32(sequence)), traf);
  const pieces = samples.flatMap(({ data }) => data);
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  // The number of samples stands before the offset.
  moof.writeUInt32BE(moof.length + HEADER_BYTES, moof.length - run.length + 4);
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt32BE(HEADER_BYTES + bytes, 0);
  head.write('mdat', 4, 'latin1');
  return Buffer.concat([moof, head, ...pieces], moof.length + HEADER_BYTES + bytes);
}

/** Number of samples, offset of their data (filled in later), and a row for each. */
function runOf(samples: readonly Sample[]): Buffer {
  const run = Buffer.alloc(8 + samples.length * SAMPLE_BYTES);
  run.writeUInt32BE(samples.length, 0);
  for (const [index, { data, duration, key, shownAfter }] of samples.entries()) {
    const at = 8 + index * SAMPLE_BYTES;
    run.writeUInt32BE(duration, at);
    run.writeUInt32BE(
      data.reduce((sum, piece) => sum + piece.length, 0),
      at + 4,
    );
    run.writeUInt32BE(key ? KEY_FLAGS : OTHER_FLAGS, at + 8);
    run.writeInt32BE(shownAfter, at + 12);
  }
  return run;
}

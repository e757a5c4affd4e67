import { BOX_HEADER_BYTES, box, fullBox, u32 } from './box-writer.ts';

/** Writing of fragments (ISO/IEC 14496-12 §8.8) of one video track. */

/** One coded picture, shown when it is decoded. */
export interface Sample {
  /** Its NAL units, each behind its length, in one piece or several. */
  data: readonly Buffer[];
  /** Until the next one is decoded, in the track's timescale; at least 1. */
  duration: number;
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

/** Data is found from the beginning of `moof` (§8.8.7.1). */
const DEFAULT_BASE_IS_MOOF = 0x20000;
/** Offset of data; duration, size and flags of each sample (§8.8.8.1). */
const RUN_FLAGS = 0x1 | 0x100 | 0x200 | 0x400;
const SAMPLE_BYTES = 12;
/** Depends on no other sample, or on others and is no place to begin (§8.8.3.1). */
const KEY_FLAGS = 0x02000000;
const OTHER_FLAGS = 0x01010000;

/** `moof` and `mdat` in one piece. */
export function writeFragment({ trackId, sequence, decodeTime, samples }: FragmentToWrite): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(decodeTime));
  const run = runOf(samples);
  const traf = box(
    'traf',
    fullBox('tfhd', DEFAULT_BASE_IS_MOOF, u32(trackId)),
    fullBox('tfdt', 0x01000000, time),
    fullBox('trun', RUN_FLAGS, run),
  );
  const moof = box('moof', fullBox('mfhd', 0, u32(sequence)), traf);
  const pieces = samples.flatMap(({ data }) => data);
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  // The number of samples stands before the offset.
  moof.writeUInt32BE(moof.length + BOX_HEADER_BYTES, moof.length - run.length + 4);
  const head = Buffer.alloc(BOX_HEADER_BYTES);
  head.writeUInt32BE(BOX_HEADER_BYTES + bytes, 0);
  head.write('mdat', 4, 'latin1');
  return Buffer.concat([moof, head, ...pieces], moof.length + BOX_HEADER_BYTES + bytes);
}

/** Number of samples, offset of their data (filled in later), and a row for each. */
function runOf(samples: readonly Sample[]): Buffer {
  const run = Buffer.alloc(8 + samples.length * SAMPLE_BYTES);
  run.writeUInt32BE(samples.length, 0);
  for (const [index, { data, duration, key }] of samples.entries()) {
    const at = 8 + index * SAMPLE_BYTES;
    run.writeUInt32BE(duration, at);
    run.writeUInt32BE(
      data.reduce((sum, piece) => sum + piece.length, 0),
      at + 4,
    );
    run.writeUInt32BE(key ? KEY_FLAGS : OTHER_FLAGS, at + 8);
  }
  return run;
}

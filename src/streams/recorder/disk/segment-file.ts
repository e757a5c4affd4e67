import { z } from 'zod';
import { BoxError, boxHeader } from '../../fmp4/boxes.ts';
import { parseFragment } from '../../fmp4/fragment.ts';
import { type Movie, parseMovie } from '../../fmp4/movie.ts';
import type { SegmentHead } from '../camera/cutter.ts';

/** What a file of a recording says of itself. Hostile until parsed: somebody may have put a file there. */
export const segmentHead = z.strictObject({
  device: z.string().min(1).max(200),
  quality: z.enum(['main', 'sub']),
  startsAtMs: z.number().min(0).max(8.64e15),
  previousEndsAtMs: z.number().min(0).max(8.64e15).nullable(),
  continuity: z.string().min(1).max(64),
  leaseEpoch: z.int().min(0),
  source: z.literal('edge').optional(),
}) satisfies z.ZodType<SegmentHead>;

/** Names our own box: a `uuid` box has a type of 16 bytes, and players pass over others' (ISO/IEC 14496-12 §11.1). */
const OURS = Buffer.from('63697479776174636872656331000000', 'hex');
const HEADER_BYTES = 8;
/** Of what stands before the first fragment. */
const LEAD_BYTES_MAX = 128 * 1024;
const MOOF_BYTES_MAX = 512 * 1024;

/** The beginning of a file: initialisation segment, then what it is. */
export function leadOf(init: Buffer, told: SegmentHead): Buffer {
  const body = Buffer.from(JSON.stringify(told));
  const box = Buffer.alloc(HEADER_BYTES + OURS.length);
  box.writeUInt32BE(box.length + body.length);
  box.write('uuid', 4, 'latin1');
  OURS.copy(box, HEADER_BYTES);
  return Buffer.concat([init, box, body]);
}

/** What of a file is whole: it can be cut there, and then plays. */
export interface Whole {
  head: SegmentHead;
  /** Length of the lead, and of all that is whole with it. */
  leadBytes: number;
  bytes: number;
  /** Of the last picture that is whole, Unix ms. */
  endsAtMs: number;
}

/** Reads `bytes` from `offset`; fewer where the file ends. */
export type ReadAt = (offset: number, bytes: number) => Promise<Buffer>;

/**
 * Finds the last whole fragment of a file that may have been cut off anywhere. Reads the headers and each `moof`, not
 * the pictures. Null where not even one fragment is whole, or the file is none of ours.
 */
export async function wholeOf(read: ReadAt, fileBytes: number): Promise<Whole | null> {
  try {
    const lead = await readLead(read);
    return lead && (await walk(read, fileBytes, lead));
  } catch (error) {
    if (error instanceof BoxError) return null;
    throw error;
  }
}

interface Lead {
  head: SegmentHead;
  movie: Movie;
  bytes: number;
}

async function readLead(read: ReadAt): Promise<Lead | null> {
  const start = await read(0, LEAD_BYTES_MAX);
  let movie: Movie | null = null;
  let offset = 0;
  for (;;) {
    const box = boxHeader(start, offset);
    if (!box || offset + box.sizeBytes > start.length) return null;
    const body = start.subarray(offset + box.headerBytes, offset + box.sizeBytes);
    offset += box.sizeBytes;
    if (box.type === 'moov') movie = parseMovie(body);
    if (box.type === 'moof') return null;
    if (box.type !== 'uuid' || !body.subarray(0, OURS.length).equals(OURS)) continue;
    const told = segmentHead.safeParse(jsonOf(body.subarray(OURS.length)));
    return movie && told.success ? { head: told.data, movie, bytes: offset } : null;
  }
}

async function walk(read: ReadAt, fileBytes: number, { head: told, movie, bytes }: Lead): Promise<Whole | null> {
  let durationTicks = 0;
  let whole = bytes;
  for (;;) {
    const moof = boxHeader(await read(whole, 2 * HEADER_BYTES));
    if (moof?.type !== 'moof' || moof.sizeBytes > MOOF_BYTES_MAX) break;
    const mdat = boxHeader(await read(whole + moof.sizeBytes, 2 * HEADER_BYTES));
    const end = whole + moof.sizeBytes + (mdat?.sizeBytes ?? 0);
    if (mdat?.type !== 'mdat' || end > fileBytes) break;
    const box = await read(whole, moof.sizeBytes);
    durationTicks += parseFragment(box.subarray(moof.headerBytes), movie).duration;
    whole = end;
  }
  if (whole === bytes) return null;
  const endsAtMs = told.startsAtMs + (durationTicks * 1_000) / movie.timescale;
  return { head: told, leadBytes: bytes, bytes: whole, endsAtMs };
}

function jsonOf(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    return null;
  }
}

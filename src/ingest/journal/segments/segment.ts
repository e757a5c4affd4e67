import type { Lane, Message } from '../../../core/types.ts';
import { decodeRecord, FIXED_BYTES, isRecord, plausibleLength } from '../codec.ts';
import type { JournalFile, JournalFiles } from '../files.ts';
import type { UplinkNumbers } from '../uplink-numbers.ts';
import { HEADER_BYTES } from './header.ts';

/** Times of receipt within a stretch of a segment that begins at `offset`. */
export interface Block {
  offset: number;
  firstAtMs: number;
  lastAtMs: number;
}

/** One file of the log. `end` is the end of what is durable and counts; the file itself may hold more. */
export interface Segment {
  path: string;
  lane: Lane;
  base: number;
  end: number;
  salt: number;
  /** Life of the journal it belongs to. */
  incarnation: string;
  createdAtMs: number;
  /** Earliest and latest time of receipt (a clock may be set back in between); 0 while it has no record. */
  firstAtMs: number;
  lastAtMs: number;
  /** A sparse index by time; a file from before the last start that was full by then has one block for all. */
  blocks: Block[];
}

/** Bytes between two entries of the time index. */
const BLOCK_BYTES = 1024 * 1024;
/** Size of one read when going through a file. */
const CHUNK_BYTES = 1024 * 1024;

export function noteRecord(segment: Segment, offset: number, receivedAtMs: number): void {
  if (segment.firstAtMs === 0 || receivedAtMs < segment.firstAtMs) segment.firstAtMs = receivedAtMs;
  if (receivedAtMs > segment.lastAtMs) segment.lastAtMs = receivedAtMs;
  const block = segment.blocks.at(-1);
  if (!block || offset - block.offset >= BLOCK_BYTES) {
    segment.blocks.push({ offset, firstAtMs: receivedAtMs, lastAtMs: receivedAtMs });
    return;
  }
  if (receivedAtMs < block.firstAtMs) block.firstAtMs = receivedAtMs;
  if (receivedAtMs > block.lastAtMs) block.lastAtMs = receivedAtMs;
}

/** Bytes of a segment that were acked and cannot be read as a record. `next` is where a good record follows. */
export interface Damage {
  segment: Segment;
  offset: number;
  next: number | null;
}

export interface Walk {
  from: number;
  to: number;
  /** Check every record's checksum; off only where a wrong answer harms nobody and speed matters. */
  verify: boolean;
  /** Called with each record; returning false ends the walk before it. */
  visit(bytes: Buffer, at: number, offset: number, length: number): boolean;
  onDamage?(damage: Damage): void;
}

/**
 * Goes through the records of a segment in order with large sequential reads. Bytes that are no record are skipped up
 * to the next good record and reported; returns where it stands: the first offset not visited.
 */
export async function walkSegment(files: JournalFiles, segment: Segment, walk: Walk): Promise<number> {
  if (walk.from >= walk.to) return walk.from;
  const file = await files.open(segment.path, 'read');
  try {
    return await walkFile(file, segment, walk);
  } finally {
    await file.close();
  }
}

async function walkFile(file: JournalFile, segment: Segment, walk: Walk): Promise<number> {
  let offset = walk.from;
  let wanted = CHUNK_BYTES;
  while (offset < walk.to) {
    const asked = Math.min(wanted, walk.to - offset);
    const chunk = await readBytes(file, segment, offset, asked);
    const goesOn = chunk.length === asked && offset + asked < walk.to;
    const step = walkChunk({ chunk, segment, from: offset, goesOn }, walk);
    offset = step.offset;
    if (step.why === 'stopped') return offset;
    wanted = CHUNK_BYTES;
    if (step.why === 'more') wanted = Math.max(CHUNK_BYTES, step.need);
    if (step.why !== 'damaged') continue;
    const next = await findNext(file, segment, offset, walk.to);
    walk.onDamage?.({ segment, offset, next });
    if (next === null) return offset;
    offset = next;
  }
  return offset;
}

type ChunkStep =
  | { why: 'read' | 'stopped' | 'damaged'; offset: number }
  | { why: 'more'; offset: number; need: number };

interface Chunk {
  chunk: Buffer;
  segment: Segment;
  from: number;
  /** Whether more of the file follows, so that a record cut off at the end is no damage. */
  goesOn: boolean;
}

function walkChunk({ chunk, segment, from, goesOn }: Chunk, walk: Walk): ChunkStep {
  let at = 0;
  while (at < chunk.length) {
    const offset = from + at;
    if (at + FIXED_BYTES > chunk.length && goesOn) return { why: 'more', offset, need: 0 };
    const length = plausibleLength(chunk, at);
    if (length === 0 || offset + length > walk.to) return { why: 'damaged', offset };
    if (at + length > chunk.length) return goesOn ? { why: 'more', offset, need: length } : { why: 'damaged', offset };
    const place = { lane: segment.lane, offset, salt: segment.salt };
    if (walk.verify && !isRecord(chunk, at, place)) return { why: 'damaged', offset };
    if (!walk.visit(chunk, at, offset, length)) return { why: 'stopped', offset };
    at += length;
  }
  return { why: chunk.length === 0 ? 'damaged' : 'read', offset: from + at };
}

async function readBytes(file: JournalFile, segment: Segment, offset: number, bytes: number): Promise<Buffer> {
  const into = Buffer.allocUnsafe(bytes);
  const read = await file.read(into, offset - segment.base + HEADER_BYTES);
  return read === bytes ? into : into.subarray(0, read);
}

/** The first offset behind `damaged` where a good record stands. Reads the rest of the file: damage is rare. */
async function findNext(file: JournalFile, segment: Segment, damaged: number, to: number): Promise<number | null> {
  const bytes = await readBytes(file, segment, damaged, to - damaged);
  for (let at = 1; at + FIXED_BYTES <= bytes.length; at += 1) {
    if (plausibleLength(bytes, at) === 0) continue;
    if (isRecord(bytes, at, { lane: segment.lane, offset: damaged + at, salt: segment.salt })) return damaged + at;
  }
  return null;
}

export interface OneSegment {
  files: JournalFiles;
  segment: Segment;
  uplinks: UplinkNumbers;
}

/** The message at exactly `offset`, or null when no good record begins there. */
export async function readOne({ files, segment, uplinks }: OneSegment, offset: number): Promise<Message | null> {
  let message: Message | null = null;
  const file = await files.open(segment.path, 'read');
  try {
    const head = await readBytes(file, segment, offset, Math.min(FIXED_BYTES, segment.end - offset));
    const length = plausibleLength(head, 0);
    if (length === 0 || offset + length > segment.end) return null;
    const bytes = await readBytes(file, segment, offset, length);
    const { lane, salt, incarnation } = segment;
    const place = { lane, offset, salt, incarnation };
    if (isRecord(bytes, 0, place)) message = decodeRecord(bytes, 0, place, uplinks);
  } finally {
    await file.close();
  }
  return message;
}

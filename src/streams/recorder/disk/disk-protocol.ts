/**
 * What the gateway and the process that writes one disk say to each other. To the process goes a stream of frames on
 * its standard input: length of the order and of its bytes (two numbers of four bytes, big-endian), the order as JSON,
 * the bytes. Back come lines of JSON. Both ends are ours, but each still checks what it reads.
 */
import { z } from 'zod';
import { segmentHead } from './segment-file.ts';

/** Names of files are ours, and so are the folders of a day and an hour. */
const NAME = /^[\w-]{1,220}\.mp4$/;
const PATH = /^\d{8}\/\d{2}\/[\w-]{1,220}\.mp4$/;

export const order = z.discriminatedUnion('type', [
  /** Begins a file in `open/`, with these bytes. */
  z.strictObject({ type: z.literal('open'), id: z.int(), name: z.string().regex(NAME) }),
  /** Appends these bytes. */
  z.strictObject({ type: z.literal('write'), id: z.int() }),
  /** Makes the file durable, and moves it to where files lie that have no row yet. */
  z.strictObject({ type: z.literal('close'), id: z.int() }),
  /** The row is there: moves a file to its day. */
  z.strictObject({ type: z.literal('keep'), name: z.string().regex(NAME), path: z.string().regex(PATH) }),
  /** Tells of files that lie there without a row. */
  z.strictObject({ type: z.literal('look') }),
  /** Removes files of days; those that are not there are removed already. */
  z.strictObject({ type: z.literal('remove'), id: z.int(), paths: z.array(z.string().regex(PATH)).max(500) }),
]);

export type DiskOrder = z.infer<typeof order>;

const SHA256 = z.string().regex(/^[0-9a-f]{64}$/);

export const report = z.discriminatedUnion('type', [
  /** What an earlier process left has been told. */
  z.strictObject({ type: z.literal('ready') }),
  /** The directory is not the one it should be (null), or cannot be read: the process ends. */
  z.strictObject({ type: z.literal('refused'), code: z.string().max(40).nullable() }),
  /** A file that is whole, is durable and has no row yet. */
  z.strictObject({
    type: z.literal('found'),
    head: segmentHead,
    endsAtMs: z.number(),
    bytes: z.int().min(0),
    leadBytes: z.int().min(0),
    sha256: SHA256,
  }),
  /** Bytes that are free on the disk, and how many it has. */
  z.strictObject({ type: z.literal('room'), freeBytes: z.number().min(0), totalBytes: z.number().min(0) }),
  /** So many bytes of frames were dealt with since the last report of this kind. */
  z.strictObject({ type: z.literal('taken'), bytes: z.int().min(0) }),
  z.strictObject({
    type: z.literal('closed'),
    id: z.int(),
    bytes: z.int().min(0),
    sha256: SHA256,
  }),
  z.strictObject({ type: z.literal('removed'), id: z.int() }),
  /** The file is given up as it is; what is whole of it is found at the next start. `code` is that of the system. */
  z.strictObject({ type: z.literal('failed'), id: z.int(), code: z.string().max(40) }),
]);

export type DiskReport = z.infer<typeof report>;

/** How much room a disk has. */
export interface DiskRoom {
  freeBytes: number;
  /** Of the whole disk. */
  totalBytes: number;
  /** When it said so, by the clock of durations. */
  atMs: number;
}

const LENGTHS_BYTES = 8;
const ORDER_BYTES_MAX = 64 * 1024;
/** A fragment of the fastest camera is 8 MiB. */
const PAYLOAD_BYTES_MAX = 64 * 1024 * 1024;

/** An order as it is sent. */
export function frameOf(said: DiskOrder, payload?: Buffer): Buffer[] {
  return framed(said, payload);
}

/** JSON and bytes as they are sent: few copies, so the payload stays the buffer it is. */
export function framed(said: object, payload?: Buffer): Buffer[] {
  const text = Buffer.from(JSON.stringify(said));
  const lengths = Buffer.allocUnsafe(LENGTHS_BYTES);
  lengths.writeUInt32BE(text.length, 0);
  lengths.writeUInt32BE(payload?.length ?? 0, 4);
  return [Buffer.concat([lengths, text]), ...(payload ? [payload] : [])];
}

export interface Frame<Said> {
  said: Said;
  payload: Buffer;
  /** Of the whole frame. */
  bytes: number;
}

/** Cuts frames out of pieces of any size. After it threw, it must not be used again. */
export class FrameReader<Said> {
  readonly #parse: (value: unknown) => Said;
  #waiting: Buffer[] = [];
  #bytes = 0;

  constructor(parse: (value: unknown) => Said) {
    this.#parse = parse;
  }

  push(chunk: Buffer): Frame<Said>[] {
    this.#waiting.push(chunk);
    this.#bytes += chunk.length;
    const frames: Frame<Said>[] = [];
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame<Said> | null {
    if (this.#bytes < LENGTHS_BYTES) return null;
    const head = this.#front(LENGTHS_BYTES);
    const textBytes = head.readUInt32BE(0);
    const payloadBytes = head.readUInt32BE(4);
    if (textBytes > ORDER_BYTES_MAX || payloadBytes > PAYLOAD_BYTES_MAX) throw new Error('a frame that is too long');
    const bytes = LENGTHS_BYTES + textBytes + payloadBytes;
    if (this.#bytes < bytes) return null;
    const whole = this.#front(bytes);
    const rest = whole.subarray(bytes);
    if (rest.length > 0) this.#waiting[0] = rest;
    else this.#waiting.shift();
    this.#bytes -= bytes;
    const text = whole.subarray(LENGTHS_BYTES, LENGTHS_BYTES + textBytes).toString('utf8');
    return { said: this.#parse(JSON.parse(text)), payload: whole.subarray(LENGTHS_BYTES + textBytes, bytes), bytes };
  }

  /** Joins pieces until the first holds so many bytes. */
  #front(bytes: number): Buffer {
    if (this.#waiting[0]!.length < bytes) {
      let count = 0;
      let length = 0;
      while (length < bytes) length += this.#waiting[count++]!.length;
      this.#waiting.unshift(Buffer.concat(this.#waiting.splice(0, count), length));
    }
    return this.#waiting[0]!;
  }
}

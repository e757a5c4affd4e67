/**
 * What the gateway asks the process that reads one disk: lines of JSON. Back come frames as they go to the process that
 * writes: a head in JSON, and bytes.
 */
import { z } from 'zod';
import { segmentHead } from '../disk/segment-file.ts';
import { LEAD_BYTES_MAX } from './fragment-index.ts';

/** A file of a day, or one that has no row yet. */
const PATH = /^(\d{8}\/\d{2}|whole)\/[\w-]{1,220}\.mp4$/;
/** Folders: of days, of the hours of a day, of the files of an hour. */
const FOLDER = /^(\.|\d{8}|\d{8}\/\d{2})$/;
/** Read at once: more is asked for bit by bit, so that many who look have their turn. */
export const READ_BYTES_MAX = 4 * 1024 * 1024;

const id = z.int().min(1);
const file = z.string().regex(PATH);

export const question = z.discriminatedUnion('type', [
  /** How long it is. */
  z.strictObject({ type: z.literal('size'), id, path: file }),
  /** Bytes of it; fewer where it ends. */
  z.strictObject({
    type: z.literal('read'),
    id,
    path: file,
    start: z.int().min(0),
    bytes: z.int().min(1).max(READ_BYTES_MAX),
  }),
  /** What lies in a folder, by name; the answer is JSON in its bytes. */
  z.strictObject({ type: z.literal('list'), id, path: z.string().regex(FOLDER) }),
  /** Where its fragments are; the answer is JSON in its bytes. */
  z.strictObject({ type: z.literal('fragments'), id, path: file, leadBytes: z.int().min(1).max(LEAD_BYTES_MAX) }),
  /** What a file says of itself, and its hash. */
  z.strictObject({ type: z.literal('inspect'), id, path: file }),
]);

export type Question = z.infer<typeof question>;

export const inspected = z.object({
  head: segmentHead,
  endsAtMs: z.number(),
  bytes: z.int().min(0),
  leadBytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export type Inspected = z.infer<typeof inspected>;

export const answer = z.strictObject({
  id,
  /** Null where there is no such file; of `size` its length. */
  bytes: z.int().min(0).nullable(),
  /** Of `inspect`; null where not all of it is whole. */
  inspected: inspected.nullable().default(null),
  /** Of the system, where it failed. */
  code: z.string().max(40).nullable().default(null),
});

export type Answer = z.infer<typeof answer>;

export const listed = z.array(z.object({ name: z.string().max(255), bytes: z.int().min(0) })).max(200_000);

export type Listed = z.infer<typeof listed>;

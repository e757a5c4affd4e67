import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { PublicKeys, Signer } from './signing.ts';

const HASH = z.string().regex(/^[0-9a-f]{64}$/);
const STANDING = z.strictObject({ rows: z.int().min(0), head: HASH });

/** In the order in which the fields are signed. */
const BODY = z.strictObject({
  citywatch: z.literal('checkpoint'),
  v: z.literal(1),
  at: z.iso.datetime(),
  database: z.string().min(1).max(64),
  /** Hash of the line before, so that a line that was taken out of the file is missed. */
  previous: HASH.nullable(),
  registers: z.strictObject({ audit: STANDING, access: STANDING }),
});
const LINE = z.strictObject({
  ...BODY.shape,
  key: z.string().regex(/^[0-9a-f]{16}$/),
  signature: z.base64url().length(86),
});

/**
 * How far both registers had come at one moment: rows since the beginning, pruned ones too, and the hash of the last.
 */
export type Checkpoint = z.output<typeof BODY>;

/** Longest line that is read as one. */
export const LINE_BYTES_MAX = 4_096;

/** A signed line, without its end. */
export function checkpointLine(body: Checkpoint, signer: Signer): string {
  const signature = signer.sign(textOf(body)).toString('base64url');
  return JSON.stringify({ ...body, key: signer.keyId, signature });
}

/** What {@link Checkpoint.previous} says of the line before. */
export function lineHash(line: string): string {
  return createHash('sha256').update(line).digest('hex');
}

/** Null where it is no whole line of ours. */
export function parseCheckpoint(line: string): z.output<typeof LINE> | null {
  if (line.length > LINE_BYTES_MAX) return null;
  try {
    return LINE.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

export interface ReadCheckpoints {
  checkpoints: Checkpoint[];
  /** What is wrong with the file, in sentences for people. */
  faults: string[];
  /** Lines that a kill cut short; the ones around them fit together. */
  torn: number;
  /** Lines that were read, and the hash of the last whole one; null where there was none. */
  lines: number;
  last: string | null;
}

/** Of a file without lines. */
export function noCheckpoints(): ReadCheckpoints {
  return { checkpoints: [], faults: [], torn: 0, lines: 0, last: null };
}

/** Lines of one file at most: a line every ten minutes for nineteen years. */
export const LINES_MAX = 1_000_000;

/**
 * Reads the lines of a file of checkpoints: each must be signed by one of `keys`, be of `database`, and follow the one
 * before. Those written before `sinceMs` are passed over. `before`: what the lines before these were read to.
 */
export function readCheckpoints(
  lines: readonly string[],
  { keys, database, sinceMs }: { keys: PublicKeys; database: string; sinceMs: number },
  before: ReadCheckpoints = noCheckpoints(),
): ReadCheckpoints {
  const read = before;
  for (const line of lines) {
    read.lines += 1;
    const parsed = parseCheckpoint(line);
    if (!parsed) {
      read.torn += 1;
      continue;
    }
    const { key, signature, ...body } = parsed;
    const follows = read.last === null || body.previous === read.last;
    read.last = lineHash(line);
    if (Date.parse(body.at) < sinceMs) continue;
    const wrong = keys.isSigned(key, textOf(body), Buffer.from(signature, 'base64url'))
      ? body.database === database
        ? null
        : 'is of another database'
      : 'is not signed by a key that was given: it was forged, or is of another gateway';
    if (wrong) read.faults.push(`line ${read.lines} of the checkpoints ${wrong}`);
    else read.checkpoints.push(body);
    if (!follows) read.faults.push(`lines before line ${read.lines} of the checkpoints were changed or taken out`);
  }
  return read;
}

function textOf(body: Checkpoint): string {
  return JSON.stringify(BODY.parse(body));
}

import { z } from 'zod';
import { CitywatchError } from '../../core/errors.ts';
import { linesOf } from '../files/lines.ts';
import type { SealedRow } from './chain.ts';
import type { Source } from './judge.ts';
import { REGISTERS, type RegisterName, type SealedRegister } from './registers.ts';

const HASH = z.hex().length(64);
const NAME = z.enum(['audit', 'access']);
const COUNTS = z.strictObject({ audit: z.int().min(0), access: z.int().min(0) });

const HEAD = z.strictObject({
  citywatch: z.literal('registers'),
  v: z.literal(1),
  at: z.iso.datetime(),
  database: z.string().min(1).max(64),
  unsealed: COUNTS,
  proofs: z
    .array(
      z.strictObject({
        register: NAME,
        link: z.int().min(1),
        hash: HASH,
        keptFromMs: z.int(),
        atMs: z.int(),
        keyId: z.string().max(64),
        signature: z.hex().length(128),
      }),
    )
    .max(100_000),
});
const ROW = z.strictObject({
  row: NAME,
  link: z.int().min(1),
  hash: HASH,
  content: z.array(z.union([z.string(), z.number(), z.null()])).max(32),
});
const END = z.strictObject({ end: COUNTS });

/** The first line grows by a proof for each day and register; no row is larger than an audit row may be. */
const LINE_BYTES_MAX = 32 * 1024 * 1024;

/** Both registers as lines of JSON: what they are, each row from the oldest on, and how many that were. */
export async function* exportedLines(source: Source, at: string): AsyncGenerator<string> {
  const unsealed = { audit: 0, access: 0 };
  for (const register of REGISTERS) unsealed[register.name] = await source.unsealed(register);
  const proofs = source.proofs.map(({ hash, signature, ...proof }) => {
    return { ...proof, hash: hash.toString('hex'), signature: signature.toString('hex') };
  });
  yield JSON.stringify({ citywatch: 'registers', v: 1, at, database: source.database, unsealed, proofs });
  const end = { audit: 0, access: 0 };
  for (const register of REGISTERS) {
    const after = source.proofs.findLast((proof) => proof.register === register.name)?.link ?? 0;
    for await (const { link, hash, content } of source.rows(register, after)) {
      end[register.name] += 1;
      yield JSON.stringify({ row: register.name, link, hash: hash.toString('hex'), content });
    }
  }
  yield JSON.stringify({ end });
}

/** A file of {@link exportedLines}, to be judged. Errors: `request.invalid` for one that is none, or is cut short. */
export async function exportSource(path: string): Promise<Source> {
  let head: z.output<typeof HEAD> | null = null;
  let last = '';
  for await (const line of linesOf(path, LINE_BYTES_MAX)) {
    head ??= parse(HEAD, line, `${path} is no export of the registers`);
    last = line;
  }
  if (!head) throw invalid(`${path} is no export of the registers: it is empty`);
  const { end } = parse(END, last, `${path} is cut short: its last line does not say how many rows it has`);
  const { database, unsealed, proofs } = head;
  return {
    database,
    proofs: proofs.map(({ hash, signature, ...proof }) => {
      return { ...proof, hash: Buffer.from(hash, 'hex'), signature: Buffer.from(signature, 'hex') };
    }),
    rows: (register, after) => rowsIn(path, register, { after, count: end[register.name] }),
    unsealed: async ({ name }) => unsealed[name],
  };
}

async function* rowsIn(
  path: string,
  { name }: SealedRegister,
  { after, count }: { after: number; count: number },
): AsyncGenerator<SealedRow> {
  const begins = `{"row":"${name satisfies RegisterName}"`;
  let found = 0;
  for await (const line of linesOf(path, LINE_BYTES_MAX)) {
    if (!line.startsWith(begins)) continue;
    const { link, hash, content } = parse(ROW, line, `${path} holds a line that is no row`);
    found += 1;
    if (link > after) yield { link, hash: Buffer.from(hash, 'hex'), content };
  }
  if (found !== count) throw invalid(`${path} says that it has ${count} rows of "${name}", but has ${found}`);
}

function parse<Shape>(schema: z.ZodType<Shape>, line: string, otherwise: string): Shape {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    throw invalid(otherwise);
  }
}

function invalid(detail: string): CitywatchError {
  return new CitywatchError('request.invalid', { detail: `${detail}. Export the registers again.` });
}

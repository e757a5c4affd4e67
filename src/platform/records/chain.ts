import { createHash } from 'node:crypto';
import { type Database, sql, type Tables } from '../database/database.ts';
import type { Content, SealedRegister } from './registers.ts';

/** A place in a chain and the hash of the row in it. */
export interface ChainPoint {
  /** From 1 without gaps; 0 stands before the first row. */
  link: number;
  hash: Buffer;
}

export interface SealedRow extends ChainPoint {
  content: Content;
}

export interface ChainBreak {
  /** Place in the chain, from 1. */
  place: number;
  /** `changed`: the row in this place is not the one that was sealed there. `missing`: no row is in this place. */
  fault: 'changed' | 'missing';
  /** The row that stands in this place, or, where it is missing, the one after it. */
  next: { link: number; content: Content };
}

export interface Walk {
  /** The last row that holds. */
  end: ChainPoint;
  /** The first row that does not; null where all hold. */
  broken: ChainBreak | null;
}

/** Where every chain begins. */
export const BEGINNING: ChainPoint = { link: 0, hash: Buffer.alloc(32) };

const PAGE_ROWS = 1_000;
/** Rows of one {@link sealRegister}; fewer than that were all there were. */
export const SEALED_AT_ONCE = PAGE_ROWS;

/** Hash of a row that follows one with the hash `previous`. */
export function chainHash(previous: Buffer, content: Content): Buffer {
  return createHash('sha256').update(previous).update(JSON.stringify(content)).digest();
}

/** Goes from row to row as long as each is the one that was sealed after `from`; `seen` is told each that is. */
export async function walkChain(
  rows: AsyncIterable<SealedRow> | Iterable<SealedRow>,
  from: ChainPoint,
  seen: (point: ChainPoint) => void,
): Promise<Walk> {
  let end = from;
  for await (const { link, hash, content } of rows) {
    const place = end.link + 1;
    const next = { link, content };
    if (link !== place) return { end, broken: { place, fault: 'missing', next } };
    if (!chainHash(end.hash, content).equals(hash)) return { end, broken: { place, fault: 'changed', next } };
    end = { link, hash };
    seen(end);
  }
  return { end, broken: null };
}

/** The registers that {@link sealRegister} has something to do for: all that is asked while nothing is written. */
export async function withUnsealed(db: Tables, registers: readonly SealedRegister[]): Promise<SealedRegister[]> {
  const each = registers.map(
    ({ name, table }) => sql`exists (select from ${sql.table(table)} where link is null) as ${sql.ref(name)}`,
  );
  const { rows } = await sql<Record<string, boolean>>`select ${sql.join(each)}`.execute(db.tables());
  return registers.filter(({ name }) => rows[0]?.[name] === true);
}

/**
 * Chains committed rows that are not yet sealed, at most 1,000, and resolves with how many. A row that commits late
 * comes later in the chain whatever its number, so numbers that never come are no gap. Only one sealer works at a time;
 * another one finds nothing to do. Killed half way, nothing has happened.
 */
export function sealRegister(database: Pick<Database, 'transaction'>, register: SealedRegister): Promise<number> {
  const { table, sealLock } = register;
  return database.transaction(async (tx) => {
    const lock = await sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(${sql.lit(sealLock)}) as mine`.execute(
      tx.tables(),
    );
    if (!lock.rows[0]?.mine) return 0;
    const unsealed = sql`link is null order by seq limit ${sql.lit(PAGE_ROWS)}`;
    const { rows } =
      await sql<StoredRow>`select ${columnsOf(register)} from ${sql.table(table)} where ${unsealed}`.execute(
        tx.tables(),
      );
    if (rows.length === 0) return 0;
    const last = await lastSealed(tx, register);
    let previous = last.hash;
    const hashes = rows.map((row) => {
      previous = chainHash(previous, contentOf(register, row));
      return previous.toString('hex');
    });
    await sql`
      update ${sql.table(table)} e set link = ${last.link}::bigint + s.place, hash = decode(s.hash, 'hex')
      from unnest(${rows.map(({ seq }) => seq)}::bigint[], ${hashes}::text[]) with ordinality as s(seq, hash, place)
      where e.seq = s.seq`.execute(tx.tables());
    return rows.length;
  });
}

/** The end of the chain as it stands in the database. */
export async function lastSealed(db: Tables, { table }: SealedRegister): Promise<ChainPoint> {
  const { rows } = await sql<ChainPoint>`
    select link, hash from ${sql.table(table)} where link is not null order by link desc limit 1`.execute(db.tables());
  return rows[0] ?? BEGINNING;
}

/** The chain after `link`, page by page. */
export async function* sealedRows(db: Tables, register: SealedRegister, link: number): AsyncGenerator<SealedRow> {
  for (let after = link; ; ) {
    const { rows } = await sql<StoredRow & ChainPoint>`
      select link, hash, ${columnsOf(register)} from ${sql.table(register.table)}
      where link > ${after} order by link limit ${sql.lit(PAGE_ROWS)}`.execute(db.tables());
    for (const row of rows) yield { link: row.link, hash: row.hash, content: contentOf(register, row) };
    if (rows.length < PAGE_ROWS) return;
    after = rows.at(-1)!.link;
  }
}

/** Rows that were written lately and are not chained yet. */
export async function countUnsealed(db: Tables, { table }: SealedRegister): Promise<number> {
  const { rows } = await sql<{ rows: number }>`
    select count(*) as rows from ${sql.table(table)} where link is null`.execute(db.tables());
  return rows[0]?.rows ?? 0;
}

type StoredRow = Record<string, string | number | null | Buffer> & { seq: number };

/** Contents as the texts that were written: the hash is taken over those. */
function columnsOf({ columns, json }: SealedRegister) {
  return sql.join(
    columns.map((name) => (json.has(name) ? sql`${sql.ref(name)}::text as ${sql.ref(name)}` : sql.ref(name))),
  );
}

function contentOf({ columns }: SealedRegister, row: Record<string, string | number | null | Buffer>): Content {
  return columns.map((name) => row[name] as string | number | null);
}

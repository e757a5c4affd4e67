import { createHash } from 'node:crypto';
import { CitywatchError } from '../../core/errors.ts';
import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import {
  type Database,
  type Generated,
  type Kysely,
  type Selectable,
  sql,
  type Tables,
  withinJurisdiction,
} from '../database/database.ts';

export interface AuditInput {
  caller: Caller;
  /** What was done: `device.create`, `token.revoke`. */
  action: string;
  /** What it was done to: `device/kiosk-7`, `token/…`. */
  subject: string;
  jurisdiction: Jurisdiction;
  before?: unknown;
  after?: unknown;
  requestId?: string;
  atMs: number;
}

/** One row of the trail as it is shown. */
export interface AuditEntry {
  seq: number;
  atMs: number;
  callerType: string;
  callerId: string;
  callerName: string;
  action: string;
  subject: string;
  jurisdiction: Jurisdiction;
  before: unknown;
  after: unknown;
  requestId: string | null;
}

export interface AuditTables {
  audit_entry: {
    /** In the order in which rows were begun; numbers of edits that were rolled back are missing. */
    seq: Generated<number>;
    at_ms: number;
    caller_type: string;
    caller_id: string;
    caller_name: string;
    action: string;
    subject: string;
    jurisdiction: string;
    before: string | null;
    after: string | null;
    request_id: string | null;
    /** Place in the chain, from 1 without gaps; null until the row is sealed. */
    link: Generated<number | null>;
    hash: Generated<Buffer | null>;
  };
}

type AuditRow = Omit<Selectable<AuditTables['audit_entry']>, 'hash' | 'link'>;

/** Any number does, as long as nobody else takes the same advisory lock. */
const SEAL_LOCK = 6_104_220_302;
const FIRST = Buffer.alloc(32);
const SECRET_KEY = /password|secret|token|authorization|cookie|passphrase|private/i;
const CONTENT_CHARACTERS_MAX = 64_000;
const PAGE_ROWS = 1_000;
/** Rows of one {@link sealAudit}; fewer than that were all there were. */
export const SEALED_AT_ONCE = PAGE_ROWS;

/**
 * Adds a row to the audit trail inside the caller's transaction, so that a change and its row stand or fall together.
 * It waits for nobody: {@link sealAudit} chains the row after the commit.
 */
export function recordAudit(tx: Tables, entry: AuditInput): Promise<void> {
  return recordAudits(tx, [entry]);
}

/** As {@link recordAudit}, a row for each entry, in their order. */
export async function recordAudits(tx: Tables, entries: readonly AuditInput[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map((entry) => ({
    at_ms: entry.atMs,
    caller_type: entry.caller.type,
    caller_id: entry.caller.id,
    caller_name: entry.caller.name,
    action: entry.action,
    subject: entry.subject,
    jurisdiction: entry.jurisdiction,
    before: contentText(entry.before),
    after: contentText(entry.after),
    request_id: entry.requestId ?? null,
  }));
  await tx.tables<AuditTables>().insertInto('audit_entry').values(rows).execute();
}

/** Whether {@link sealAudit} has something to do: all that is asked while nothing is written. */
export async function hasUnsealed(db: Tables): Promise<boolean> {
  const { rows } = await sql<{ is: boolean }>`select exists (select from audit_entry where link is null) as is`.execute(
    db.tables(),
  );
  return rows[0]?.is === true;
}

/**
 * Chains committed rows that are not yet sealed, at most 1,000, and resolves with how many. A row that commits late
 * comes later in the chain whatever its number, so numbers that never come are no gap. Only one sealer works at a time;
 * another one finds nothing to do. Killed half way, nothing has happened.
 */
export function sealAudit(database: Database): Promise<number> {
  return database.transaction(async (tx) => {
    const db = tx.tables<AuditTables>();
    const lock = await sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(${sql.lit(SEAL_LOCK)}) as mine`.execute(
      db,
    );
    if (!lock.rows[0]?.mine) return 0;
    const rows = await withTexts(db).where('link', 'is', null).orderBy('seq').limit(PAGE_ROWS).execute();
    if (rows.length === 0) return 0;
    const last = await db
      .selectFrom('audit_entry')
      .select(['link', 'hash'])
      .where('link', 'is not', null)
      .orderBy('link', 'desc')
      .limit(1)
      .executeTakeFirst();
    let previous = last?.hash ?? FIRST;
    const hashes = rows.map(({ hash: _, link: __, ...row }) => {
      previous = chainHash(previous, row);
      return previous.toString('hex');
    });
    await sql`
      update audit_entry e set link = ${last?.link ?? 0}::bigint + s.place, hash = decode(s.hash, 'hex')
      from unnest(${rows.map(({ seq }) => seq)}::bigint[], ${hashes}::text[]) with ordinality as s(seq, hash, place)
      where e.seq = s.seq`.execute(db);
    return rows.length;
  });
}

/** Newest first, within the caller's jurisdiction. `beforeSeq` is the last `seq` of the page before. */
export async function listAudit(
  db: Tables,
  caller: Caller,
  filter: { subject?: string | undefined; beforeSeq?: number | undefined; limit: number },
): Promise<AuditEntry[]> {
  let query = db.tables<AuditTables>().selectFrom('audit_entry').selectAll().orderBy('seq', 'desc').limit(filter.limit);
  query = withinJurisdiction(query, 'jurisdiction', caller.jurisdiction);
  if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject);
  if (filter.beforeSeq !== undefined) query = query.where('seq', '<', filter.beforeSeq);
  return (await query.execute()).map(entryOf);
}

function entryOf(row: AuditRow): AuditEntry {
  return {
    seq: row.seq,
    atMs: row.at_ms,
    callerType: row.caller_type,
    callerId: row.caller_id,
    callerName: row.caller_name,
    action: row.action,
    subject: row.subject,
    jurisdiction: row.jurisdiction,
    before: row.before,
    after: row.after,
    requestId: row.request_id,
  };
}

export interface AuditProof {
  /** Sealed rows that hold, from the first on. */
  checked: number;
  /** The first row that does not; null where all hold. */
  broken: AuditBreak | null;
  /** Hash of the last row that holds, in hex; keep it outside: a cut-off tail shows only there. */
  head: string;
  /** Place of the row whose hash was given as known; null where none that holds has it. */
  knownAt: number | null;
  /** Rows that were written lately and are not chained yet: what happens to them now is not seen. */
  unsealed: number;
}

export interface AuditBreak {
  /** Place in the chain, from 1. */
  place: number;
  /** `changed`: the row in this place is not the one that was sealed there. `missing`: no row is in this place. */
  fault: 'changed' | 'missing';
  /** The row that stands in this place, or, where it is missing, the one after it. */
  next: AuditEntry;
}

/** Whether this database was ever brought to a version that seals its audit trail. */
export async function hasAudit(db: Tables): Promise<boolean> {
  const { rows } = await sql<{ known: boolean }>`select exists (
    select from pg_attribute where attrelid = to_regclass('audit_entry') and attname = 'link') as known`.execute(
    db.tables(),
  );
  return rows[0]?.known === true;
}

/** Walks the whole chain, beside those who write. `known` is a head of earlier, in hex. */
export async function verifyAudit(db: Tables, known: string | null = null): Promise<AuditProof> {
  const tables = db.tables<AuditTables>();
  let previous: Buffer = FIRST;
  let checked = 0;
  let knownAt = known === FIRST.toString('hex') ? 0 : null;
  const proof = async (broken: AuditBreak | null): Promise<AuditProof> => {
    const { rows: unsealed } = await tables
      .selectFrom('audit_entry')
      .select(({ fn }) => fn.countAll<number>().as('rows'))
      .where('link', 'is', null)
      .executeTakeFirstOrThrow();
    return { checked, broken, head: previous.toString('hex'), knownAt, unsealed };
  };
  for (;;) {
    const rows = await withTexts(tables).where('link', '>', checked).orderBy('link').limit(PAGE_ROWS).execute();
    for (const { hash, link, ...row } of rows) {
      const place = checked + 1;
      const next = entryOf(row);
      if (link !== place) return proof({ place, fault: 'missing', next });
      if (hash === null || !chainHash(previous, row).equals(hash)) return proof({ place, fault: 'changed', next });
      previous = hash;
      checked = place;
      if (known === hash.toString('hex')) knownAt = place;
    }
    if (rows.length < PAGE_ROWS) return proof(null);
  }
}

/** Whole rows, their contents as the texts that were written: the hash is taken over those. */
function withTexts(db: Kysely<AuditTables>) {
  return db
    .selectFrom('audit_entry')
    .selectAll()
    .select([sql<string | null>`before::text`.as('before'), sql<string | null>`after::text`.as('after')]);
}

function chainHash(previous: Buffer, row: AuditRow): Buffer {
  const content = [
    row.seq,
    row.at_ms,
    row.caller_type,
    row.caller_id,
    row.caller_name,
    row.action,
    row.subject,
    row.jurisdiction,
    row.before,
    row.after,
    row.request_id,
  ];
  return createHash('sha256').update(previous).update(JSON.stringify(content)).digest();
}

function contentText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const text = JSON.stringify(value, (key, inner) => (SECRET_KEY.test(key) ? '[redacted]' : inner));
  if (text.length > CONTENT_CHARACTERS_MAX) {
    throw new CitywatchError('request.too-large', { detail: 'The change is too large for one audit row.' });
  }
  return text;
}

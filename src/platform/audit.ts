import { createHash } from 'node:crypto';
import { CitywatchError } from '../core/errors.ts';
import type { Jurisdiction } from '../core/jurisdiction.ts';
import type { Caller } from '../core/types.ts';
import { sql, type Tables, withinJurisdiction } from './database.ts';

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
    seq: number;
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
    hash: Buffer;
  };
}

type Row = Omit<AuditTables['audit_entry'], 'hash'>;

const LOCK = 6_104_220_302;
const FIRST = Buffer.alloc(32);
const SECRET_KEY = /password|secret|token|authorization|cookie|passphrase|private/i;
const CONTENT_CHARACTERS_MAX = 64_000;
const PAGE_ROWS = 1_000;

/**
 * Adds a row to the audit trail inside the caller's transaction, so that a change and its row stand or fall together.
 * Call it last: it takes a lock that every other audited transaction waits for until this one commits. That wait is the
 * price of the chain: audited commits are written one after the other, each with its own disk sync.
 */
export async function recordAudit(tx: Tables, entry: AuditInput): Promise<void> {
  const db = tx.tables<AuditTables>();
  await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(db);
  const last = await db
    .selectFrom('audit_entry')
    .select(['seq', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  const row: Row = {
    seq: (last?.seq ?? 0) + 1,
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
  };
  await db
    .insertInto('audit_entry')
    .values({ ...row, hash: chainHash(last?.hash ?? FIRST, row) })
    .execute();
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
  return (await query.execute()).map((row) => ({
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
  }));
}

/**
 * Walks the whole chain. Answers how many rows hold, the hash of the last one (keep it outside: a cut-off tail shows
 * only there) and the number of the first row that was altered, moved or is missing.
 */
export async function verifyAudit(db: Tables): Promise<{ checked: number; brokenAt: number | null; head: string }> {
  let previous: Buffer = FIRST;
  let checked = 0;
  for (;;) {
    const rows = await db
      .tables<AuditTables>()
      .selectFrom('audit_entry')
      .selectAll()
      .select([sql<string | null>`before::text`.as('before'), sql<string | null>`after::text`.as('after')])
      .where('seq', '>', checked)
      .orderBy('seq')
      .limit(PAGE_ROWS)
      .execute();
    for (const { hash, ...row } of rows) {
      const holds = row.seq === checked + 1 && chainHash(previous, row).equals(hash);
      if (!holds) return { checked, brokenAt: checked + 1, head: previous.toString('hex') };
      previous = hash;
      checked += 1;
    }
    if (rows.length < PAGE_ROWS) return { checked, brokenAt: null, head: previous.toString('hex') };
  }
}

function chainHash(previous: Buffer, row: Row): Buffer {
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

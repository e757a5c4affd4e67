import { CitywatchError } from '../../core/errors.ts';
import { type Jurisdiction, ownArea } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Generated, type Selectable, type Tables, withinJurisdiction } from '../database/database.ts';

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

const SECRET_KEY = /password|secret|token|authorization|cookie|passphrase|private/i;
const CONTENT_CHARACTERS_MAX = 64_000;

/**
 * Adds a row to the audit trail inside the caller's transaction, so that a change and its row stand or fall together.
 * It waits for nobody: the sealer chains the row after the commit.
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

/** Newest first, within the caller's jurisdiction. `beforeSeq` is the last `seq` of the page before. */
export async function listAudit(
  db: Tables,
  caller: Caller,
  filter: { subject?: string | undefined; beforeSeq?: number | undefined; limit: number },
): Promise<AuditEntry[]> {
  let query = db.tables<AuditTables>().selectFrom('audit_entry').selectAll().orderBy('seq', 'desc').limit(filter.limit);
  query = withinJurisdiction(query, 'jurisdiction', ownArea(caller));
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

function contentText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const text = JSON.stringify(value, (key, inner) => (SECRET_KEY.test(key) ? '[redacted]' : inner));
  if (text.length > CONTENT_CHARACTERS_MAX) {
    throw new CitywatchError('request.too-large', { detail: 'The change is too large for one audit row.' });
  }
  return text;
}

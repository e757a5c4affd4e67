import { hexOf, type RawBuilder, sql, type Tables } from '../../../platform/database/database.ts';
import type { NamedStatement, Ownership } from '../../../platform/database/ownership.ts';
import type { NotedRow } from '../../../platform/work/work.ts';
import type { Change } from '../../route/stages/stage.ts';
import type { AlertRow } from '../tables.ts';
import type { CountedStatement, LogEntry } from './entry.ts';
import { deliveryId } from './given.ts';

/** What one statement writes of changes. */
export interface LogWrite {
  changes: readonly Change[];
  /** Of each change, in the same order. */
  entries: readonly Omit<LogEntry, 'seq'>[];
  /** Of each alert the version it must have now; 0 for a new one. One that is not named may have any. */
  froms: Readonly<Record<string, number>>;
  /** What notes the work that follows. */
  noted: RawBuilder<unknown>;
  statements: readonly CountedStatement[];
  /** What must hold; else nothing is written, as when an alert has changed. */
  conditions: readonly RawBuilder<boolean>[];
  /** What ends work that is done with it. */
  ends: readonly NamedStatement[] | null;
}

export interface LogWritten {
  /** Number of the last entry. */
  seq: number;
  noted: NotedRow[];
  /** Keys of work that was ended along with it. */
  ended: string[];
}

/** Every column of an alert, so that a new one is forgotten nowhere: the compiler compares it with the table. */
const COLUMNS: { readonly [Column in keyof AlertRow]: true } = {
  id: true,
  dedup_key: true,
  rule: true,
  rule_version: true,
  title: true,
  severity: true,
  class: true,
  desk: true,
  condition: true,
  condition_reason: true,
  handling: true,
  visibility: true,
  verdict: true,
  device: true,
  device_name: true,
  jurisdiction: true,
  lat: true,
  lon: true,
  police: true,
  departments: true,
  first_at_ms: true,
  last_at_ms: true,
  occurrences: true,
  device_at_ms: true,
  received_at_ms: true,
  decided_at_ms: true,
  committed_at_ms: true,
  fired_at_ms: true,
  data: true,
  plates_sealed: true,
  seen_by: true,
  evidence: true,
  comments: true,
  acked_by: true,
  acked_by_id: true,
  acked_at_ms: true,
  ack_until_ms: true,
  assigned_to: true,
  unit: true,
  dispatched_at_ms: true,
  arrived_at_ms: true,
  hidden: true,
  incident: true,
  closed_by: true,
  closed_at_ms: true,
  previous_id: true,
  receipt: true,
  storm: true,
  storm_count: true,
  level: true,
  climbs_at_ms: true,
  exercise: true,
  cases: true,
  version: true,
};
const NAMES = Object.keys(COLUMNS);
const listed = (names: readonly string[]) => sql.join(names.map((name) => sql.ref(name)));
const REPLACED = sql.join(
  NAMES.filter((name) => name !== 'id').map((name) => sql`${sql.ref(name)} = ${sql.ref(`excluded.${name}`)}`),
);

/**
 * Writes changes of alerts with one statement, whose text is the same for one and for hundreds. The head of the log is
 * asked for after all else that another writer might hold.
 */
export async function write(
  tx: Tables,
  ownership: Pick<Ownership, 'write'>,
  { changes, entries, froms, noted, statements, conditions, ends }: LogWrite,
): Promise<LogWritten> {
  const alerts = lastOf(changes);
  const along: NamedStatement[] = [
    { name: 'saved', body: saving(alerts, froms) },
    ...statements,
    ...(ends ?? []),
    { name: 'noted', body: noted },
    { name: 'head', body: heading(changes.length) },
    { name: 'entered', body: entering(changes, entries) },
    { name: 'raised', body: raising(changes, entries) },
  ];
  const counts = [{ name: 'saved', rows: alerts.length }, ...statements].map(
    ({ name, rows }) => sql`(select count(*) from ${sql.ref(name)}) = ${rows}::bigint`,
  );
  const musts = sql.join([...counts, ...conditions], sql` and `);
  const ended = ends ? sql`(select coalesce(jsonb_agg(key), '[]') from ended)` : sql`'[]'::jsonb`;
  const body = sql`
    select must(${musts}, '40001', 'what was read has changed'),
      coalesce((select seq from head), 0) as seq, ${ended} as ended,
      (select coalesce(jsonb_agg(to_jsonb(noted)), '[]') from noted) as noted
    from owner`;
  const [written] = await ownership.write<LogWritten>(tx, { what: 'the log of alerts', along, body });
  return written!;
}

/** Inserts new alerts and writes the whole rows of existing ones, whatever they have become meanwhile. */
export async function saveAlerts(tx: Tables, alerts: readonly AlertRow[]): Promise<void> {
  await sql`with owner as (select) ${saving(alerts, {})}`.execute(tx.tables());
}

function saving(alerts: readonly AlertRow[], froms: LogWrite['froms']): RawBuilder<unknown> {
  // One order for all writers, so that two of them cannot wait for each other.
  const inOrder = alerts.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const rows = inOrder.map((alert) => ({ ...alert, plates_sealed: hexOf(alert.plates_sealed) }));
  return sql`
    insert into alert (${listed(NAMES)})
    select ${listed(NAMES.map((name) => `given.${name}`))}
    from owner, jsonb_populate_recordset(null::alert, ${JSON.stringify(rows)}::jsonb) as given
    on conflict (id) do update set ${REPLACED}
    where alert.version = coalesce((${JSON.stringify(froms)}::jsonb ->> alert.id::text)::integer, alert.version)
    returning id`;
}

/** Each alert as it stands after all changes. */
function lastOf(changes: readonly Change[]): AlertRow[] {
  return [...new Map(changes.map(({ alert }) => [alert.id, alert])).values()];
}

function heading(count: number): RawBuilder<unknown> {
  return sql`
    update alert_log_head set seq = seq + ${count}::bigint
    from owner, (select count(*) from noted) as work, (select count(*) from saved) as alerts
    where singleton and ${count}::bigint > 0 returning seq`;
}

function entering(changes: readonly Change[], entries: readonly Omit<LogEntry, 'seq'>[]): RawBuilder<unknown> {
  const rows = entries.map(({ alertId, atMs, seenBy, ...entry }, index) => ({
    ...entry,
    back: entries.length - 1 - index,
    alert_id: alertId,
    at_ms: atMs,
    seen_by: seenBy,
    plates_sealed: hexOf(changes[index]?.alert.plates_sealed ?? null),
  }));
  return sql`
    insert into alert_event
      (seq, id, alert_id, type, at_ms, actor, jurisdiction, severity, seen_by, plates_sealed, body)
    select head.seq - back, id, alert_id, type, at_ms, actor, jurisdiction, severity, seen_by, plates_sealed, body
    from head, jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given (back bigint, id uuid, alert_id uuid,
      type text, at_ms bigint, actor text, jurisdiction text, severity text, seen_by text[], plates_sealed bytea,
      body jsonb)`;
}

/** All that was raised is counted from here on: `withheld` is settled at once. */
function raising(changes: readonly Change[], entries: readonly Omit<LogEntry, 'seq'>[]): RawBuilder<unknown> {
  const rows = entries.flatMap((entry, index) =>
    (changes[index]?.deliveries ?? []).map(({ subscription, state }) => ({
      back: entries.length - 1 - index,
      id: deliveryId(entry.id, subscription),
      subscription_id: subscription,
      alert_id: entry.alertId,
      state,
      created_at_ms: entry.atMs,
      settled_at_ms: state === 'withheld' ? entry.atMs : null,
    })),
  );
  return sql`
    insert into delivery (id, subscription_id, alert_id, seq, state, created_at_ms, settled_at_ms)
    select id, subscription_id, alert_id, head.seq - back, state, created_at_ms, settled_at_ms
    from head, jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given (back bigint, id text, subscription_id uuid,
      alert_id uuid, state text, created_at_ms bigint, settled_at_ms bigint)`;
}

import { randomUUID } from 'node:crypto';
import { type Clock, toRfc3339 } from '../../core/clock.ts';
import type { Jurisdiction } from '../../core/jurisdiction.ts';
import { covers } from '../../core/jurisdiction.ts';
import type { Tables } from '../../platform/database/database.ts';
import { sql } from '../../platform/database/database.ts';
import { enqueueWork, type WorkTicket } from '../../platform/work/work.ts';
import { type EventType, priorityOf, showAlert } from './alert.ts';
import { DELIVERY_QUEUE, EVIDENCE_QUEUE } from './queues.ts';
import type { AlertEventBody, AlertRow, AlertTables } from './tables.ts';

/** One entry of the alert log: what happened to which alert, with the alert as it stood then. */
export interface LogEntry {
  seq: number;
  id: string;
  alertId: string;
  type: EventType;
  atMs: number;
  actor: string;
  jurisdiction: Jurisdiction;
  severity: string;
  body: AlertEventBody;
}

export interface LogInput {
  type: EventType;
  alert: AlertRow;
  /** Who did it: a person's or token's name, or `citywatch`. */
  actor: string;
  atMs: number;
}

/** A statement takes at most 65,535 parameters. */
const ROWS_AT_ONCE = 2_000;
/** An alert has some 35 columns. */
const ALERTS_AT_ONCE = 500;

interface Receiver {
  id: string;
  jurisdiction: string;
  severities: string[];
}

/** Inserts new alerts and writes the whole rows of existing ones. The caller holds the locks of their rows. */
export async function saveAlerts(tx: Tables, alerts: AlertRow[]): Promise<void> {
  const db = tx.tables<AlertTables>();
  for (let from = 0; from < alerts.length; from += ALERTS_AT_ONCE) {
    const rows = alerts.slice(from, from + ALERTS_AT_ONCE).map((alert) => ({
      ...alert,
      title: JSON.stringify(alert.title),
      data: JSON.stringify(alert.data),
      evidence: JSON.stringify(alert.evidence),
      comments: JSON.stringify(alert.comments),
    }));
    const columns = Object.keys(rows[0] ?? {}).filter((name) => name !== 'id');
    await db
      .insertInto('alert')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet(Object.fromEntries(columns.map((name) => [name, sql.ref(`excluded.${name}`)]))),
      )
      .execute();
  }
}

/**
 * Says what happened, in the caller's transaction: log entries, an outbox row for each active subscription whose area
 * and severities fit, and the work that follows; what it returns is rung for after the commit. The head row of the log
 * is locked last and until the commit, so numbers are given out in commit order and no reader can skip one
 * (alerts.md §2).
 */
export async function publish(tx: Tables, clock: Clock, inputs: LogInput[]): Promise<WorkTicket[]> {
  if (inputs.length === 0) return [];
  const receivers = await tx
    .tables<AlertTables>()
    .selectFrom('subscription')
    .select(['id', 'jurisdiction', 'severities'])
    .where('state', '=', 'active')
    .execute();
  const tickets = inputs.flatMap((input) => ticketsOf(input, receivers));
  await enqueueWork(tx, clock, tickets);
  const entries = await appendLog(tx, inputs);
  await fillOutbox(tx, entries, receivers);
  return tickets;
}

/** Pictures come after all first news, whatever their alerts are worth (P3). */
const PICTURE_PRIORITY = 9;

function ticketsOf({ type, alert }: LogInput, receivers: Receiver[]): WorkTicket[] {
  const priority = type === 'alert.evidence' ? PICTURE_PRIORITY : priorityOf(alert.severity);
  const tickets = receivers
    .filter((one) => concerns(one, alert))
    .map(({ id }) => ({ queue: DELIVERY_QUEUE, key: `${id} ${alert.id}`, priority }));
  if (type !== 'alert.opened') return tickets;
  return [...tickets, { queue: EVIDENCE_QUEUE, key: alert.id, priority }];
}

function concerns(receiver: Receiver, about: Pick<LogEntry, 'jurisdiction' | 'severity'>): boolean {
  return covers(receiver.jurisdiction, about.jurisdiction) && receiver.severities.includes(about.severity);
}

async function appendLog(tx: Tables, inputs: LogInput[]): Promise<LogEntry[]> {
  const db = tx.tables<AlertTables>();
  const head = await db
    .updateTable('alert_log_head')
    .set({ seq: sql<number>`seq + ${inputs.length}` })
    .returning('seq')
    .executeTakeFirstOrThrow();
  const entries = inputs.map((input, index) => entryOf(input, head.seq - inputs.length + 1 + index));
  const rows = entries.map(({ seq, id, alertId, type, atMs, actor, jurisdiction, severity, body }) => ({
    ...{ seq, id, alert_id: alertId, type, at_ms: atMs, actor, jurisdiction, severity },
    body: JSON.stringify(body),
  }));
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    await db
      .insertInto('alert_event')
      .values(rows.slice(from, from + ROWS_AT_ONCE))
      .execute();
  }
  return entries;
}

function entryOf({ type, alert, actor, atMs }: LogInput, seq: number): LogEntry {
  const id = randomUUID();
  const body = { id, type, at: toRfc3339(atMs), actor, alert: showAlert(alert) };
  return {
    seq,
    id,
    alertId: alert.id,
    type,
    atMs,
    actor,
    jurisdiction: alert.jurisdiction,
    severity: alert.severity,
    body,
  };
}

async function fillOutbox(tx: Tables, entries: LogEntry[], receivers: Receiver[]): Promise<void> {
  const rows = entries.flatMap((entry) =>
    receivers
      .filter((one) => concerns(one, entry))
      .map(({ id }) => ({
        id: `msg_${entry.id}_${id}`,
        subscription_id: id,
        alert_id: entry.alertId,
        seq: entry.seq,
        state: 'waiting' as const,
        created_at_ms: entry.atMs,
        settled_at_ms: null,
        last_status: null,
        last_error: null,
      })),
  );
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    await tx
      .tables<AlertTables>()
      .insertInto('delivery')
      .values(rows.slice(from, from + ROWS_AT_ONCE))
      .execute();
  }
}

import { randomUUID } from 'node:crypto';
import { toRfc3339 } from '../core/clock.ts';
import type { Jurisdiction } from '../core/jurisdiction.ts';
import { covers } from '../core/jurisdiction.ts';
import type { Tables } from '../platform/database.ts';
import { sql } from '../platform/database.ts';
import { type EventType, showAlert } from './alert.ts';
import type { AlertRow, AlertTables } from './tables.ts';

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
  /** What readers and webhooks are given. */
  body: Record<string, unknown>;
}

export interface LogInput {
  type: EventType;
  alert: AlertRow;
  /** Who did it: a person's or token's name, or `citywatch`. */
  actor: string;
  atMs: number;
}

/**
 * Appends entries and hands each active subscription its outbox row, all in the caller's transaction. The head row is
 * locked until that commits, so numbers are given out in commit order and no reader can skip one (alerts.md §2).
 */
export async function appendLog(tx: Tables, inputs: LogInput[]): Promise<LogEntry[]> {
  if (inputs.length === 0) return [];
  const db = tx.tables<AlertTables>();
  const head = await db
    .updateTable('alert_log_head')
    .set({ seq: sql<number>`seq + ${inputs.length}` })
    .returning('seq')
    .executeTakeFirstOrThrow();
  const entries = inputs.map((input, index) => entryOf(input, head.seq - inputs.length + 1 + index));
  await db
    .insertInto('alert_event')
    .values(
      entries.map(({ seq, id, alertId, type, atMs, actor, jurisdiction, severity, body }) => ({
        seq,
        id,
        alert_id: alertId,
        type,
        at_ms: atMs,
        actor,
        jurisdiction,
        severity,
        body: JSON.stringify(body),
      })),
    )
    .execute();
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

/** A statement takes at most 65,535 parameters. */
const ROWS_AT_ONCE = 2_000;

/**
 * Writes the outbox rows of `entries`: one for each active subscription whose area and severities fit. Returns the keys
 * (`subscription alert`) whose delivery is to be rung.
 */
export async function fillOutbox(tx: Tables, entries: LogEntry[]): Promise<{ key: string; severity: string }[]> {
  if (entries.length === 0) return [];
  const db = tx.tables<AlertTables>();
  const subscriptions = await db
    .selectFrom('subscription')
    .select(['id', 'jurisdiction', 'severities'])
    .where('state', '=', 'active')
    .execute();
  const rows = entries.flatMap((entry) =>
    subscriptions
      .filter((one) => covers(one.jurisdiction, entry.jurisdiction) && one.severities.includes(entry.severity))
      .map((one) => ({ entry, subscriptionId: one.id })),
  );
  if (rows.length === 0) return [];
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    await db
      .insertInto('delivery')
      .values(
        rows.slice(from, from + ROWS_AT_ONCE).map(({ entry, subscriptionId }) => ({
          webhook_id: `msg_${entry.id}_${subscriptionId}`,
          subscription_id: subscriptionId,
          alert_id: entry.alertId,
          seq: entry.seq,
          state: 'waiting' as const,
          created_at_ms: entry.atMs,
          settled_at_ms: null,
          last_status: null,
          last_error: null,
        })),
      )
      .execute();
  }
  return rows.map(({ entry, subscriptionId }) => ({
    key: `${subscriptionId} ${entry.alertId}`,
    severity: entry.severity,
  }));
}

import { randomUUID } from 'node:crypto';
import { type Clock, toRfc3339 } from '../../core/clock.ts';
import type { Jurisdiction } from '../../core/jurisdiction.ts';
import { type Counter, counterNamed, type Observer } from '../../core/observe.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import type { Tables } from '../../platform/database/database.ts';
import { sql } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { enqueueWork, type WorkTicket } from '../../platform/work/work.ts';
import { runStages } from '../route/stages/run-stages.ts';
import type { Change, Stage } from '../route/stages/stage.ts';
import { type EventType, priorityOf, showAlert } from './alert.ts';
import { DELIVERY_QUEUE, EVIDENCE_QUEUE, STAGE_QUEUE } from './queues.ts';
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

/** Inserts new alerts and writes the whole rows of existing ones. The caller holds the locks of their rows. */
export async function saveAlerts(tx: Tables, alerts: AlertRow[]): Promise<void> {
  const db = tx.tables<AlertTables>();
  for (const some of chunksOf(alerts, ALERTS_AT_ONCE)) {
    const rows = some.map((alert) => ({
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

export interface AlertLogDeps {
  clock: Clock;
  observer: Observer;
  /** In their order; those of a gateway are `STAGES`. */
  stages: readonly Stage[];
  ownership: Pick<Ownership, 'write' | 'hold'>;
}

/** Timers that have come due, by the name of their stage. */
export type DueTimers = ReadonlyMap<string, readonly string[]>;

/** The log of alerts, as those write it who change alerts. */
export class AlertLog {
  readonly #deps: AlertLogDeps;
  readonly #faults: Counter;

  constructor(deps: AlertLogDeps) {
    this.#deps = deps;
    this.#faults = counterNamed(deps.observer.metrics, {
      name: 'citywatch_alert_stage_faults_total',
      help: 'Times a stage of alerts was passed over because it broke its contract: what it holds back is told.',
      labelNames: ['stage'],
    });
  }

  /**
   * Says what happened, in the caller's transaction: takes it through the stages, writes log entries, an outbox row for
   * each delivery that was raised, and the work that follows; what it returns is rung for after the commit. The head
   * row of the log is locked last and until the commit, so numbers are given out in commit order and no reader can skip
   * one (alerts.md §2). Throws `lease.lost` where another node has taken over.
   */
  async publish(tx: Tables, inputs: LogInput[], due: DueTimers = new Map()): Promise<WorkTicket[]> {
    if (inputs.length === 0 && due.size === 0) return [];
    const { clock, stages, ownership } = this.#deps;
    const nowMs = clock.nowMs();
    const given = inputs.map((input, place) => ({ ...input, place, deliveries: [] }));
    const fault = (stage: string, what: string): void => this.#passOver(stage, what);
    const { changes, timers } = await runStages(tx, stages, given, { nowMs, due, fault });
    await saveAlerts(tx, alteredBy(changes, inputs));
    const tickets = changes.flatMap(ticketsOf);
    const later = timers.map(({ stage, key, atMs }) => ({
      queue: STAGE_QUEUE,
      key: `${stage} ${key}`,
      dueAtMs: atMs,
    }));
    await enqueueWork(tx, clock, [...tickets, ...later]);
    if (changes.length === 0) await ownership.hold(tx, 'timers of alerts');
    else await fillOutbox(tx, await appendLog(tx, changes, ownership), changes);
    return tickets;
  }

  #passOver(stage: string, what: string): void {
    this.#faults.inc({ stage });
    this.#deps.observer.log.error({ part: 'alerts', stage, what }, 'a stage was passed over');
  }
}

/** Alerts that a stage has altered or added a change to, as they stand after all of it. */
function alteredBy(changes: readonly Change[], inputs: LogInput[]): AlertRow[] {
  const isAltered = ({ place, alert }: Change): boolean => alert !== inputs[place ?? -1]?.alert;
  const ids = new Set(changes.filter(isAltered).map(({ alert }) => alert.id));
  const last = new Map(changes.filter(({ alert }) => ids.has(alert.id)).map(({ alert }) => [alert.id, alert]));
  return [...last.values()];
}

/** Pictures come after all first news, whatever their alerts are worth (P3). */
const PICTURE_PRIORITY = 9;

function ticketsOf({ type, alert, deliveries }: Change): WorkTicket[] {
  const priority = type === 'alert.evidence' ? PICTURE_PRIORITY : priorityOf(alert.severity);
  const tickets = deliveries
    .filter(({ state }) => state === 'waiting')
    .map(({ subscription }) => ({ queue: DELIVERY_QUEUE, key: `${subscription} ${alert.id}`, priority }));
  if (type !== 'alert.opened') return tickets;
  return [...tickets, { queue: EVIDENCE_QUEUE, key: alert.id, priority }];
}

/** Returns the entries in the order of the changes. */
async function appendLog(
  tx: Tables,
  changes: readonly Change[],
  ownership: Pick<Ownership, 'write'>,
): Promise<LogEntry[]> {
  const db = tx.tables<AlertTables>();
  const body = sql`update alert_log_head set seq = seq + ${changes.length} from owner returning seq`;
  const [head] = await ownership.write<{ seq: number }>(tx, { what: 'the log of alerts', body });
  const first = head!.seq - changes.length + 1;
  const entries = changes.map((change, index) => entryOf(change, first + index));
  const rows = entries.map(({ seq, id, alertId, type, atMs, actor, jurisdiction, severity, body }) => ({
    seq,
    id,
    alert_id: alertId,
    type,
    at_ms: atMs,
    actor,
    jurisdiction,
    severity,
    body: JSON.stringify(body),
  }));
  for (const some of chunksOf(rows, ROWS_AT_ONCE)) {
    await db.insertInto('alert_event').values(some).execute();
  }
  return entries;
}

function entryOf({ type, alert, actor, atMs }: Change, seq: number): LogEntry {
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

/** All that was raised is counted from here on: `withheld` is settled at once. */
async function fillOutbox(tx: Tables, entries: LogEntry[], changes: readonly Change[]): Promise<void> {
  const rows = entries.flatMap((entry, index) =>
    (changes[index]?.deliveries ?? []).map(({ subscription, state }) => ({
      id: `msg_${entry.id}_${subscription}`,
      subscription_id: subscription,
      alert_id: entry.alertId,
      seq: entry.seq,
      state,
      created_at_ms: entry.atMs,
      settled_at_ms: state === 'withheld' ? entry.atMs : null,
      last_status: null,
      last_error: null,
    })),
  );
  for (const some of chunksOf(rows, ROWS_AT_ONCE)) {
    await tx.tables<AlertTables>().insertInto('delivery').values(some).execute();
  }
}

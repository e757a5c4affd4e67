import type { Clock } from '../core/clock.ts';
import type { DeviceId } from '../core/types.ts';
import type { Database, Tables } from '../platform/database.ts';
import { DONE, enqueueWork, type WorkResult, type WorkTicket } from '../platform/work.ts';
import { applyFinding, type EventType, type Place, priorityOf } from './alert.ts';
import { appendLog, fillOutbox, type LogEntry, type LogInput } from './log.ts';
import type { AlertRow, AlertTables, FindingRow } from './tables.ts';

export const DESK_QUEUE = 'desk';
export const DELIVERY_QUEUE = 'delivery';
export const EVIDENCE_QUEUE = 'evidence';

/** What the desk asks of the registry. */
export interface Places {
  /** Name and position of a device; null when it is not known any more. */
  place(device: DeviceId): Promise<Place | null>;
}

export interface DeskDeps {
  database: Database;
  clock: Clock;
  places: Places;
  titleOf(rule: string): { en: string; zh: string };
  /** Rings for work that was committed, and tells live readers that the log grew. */
  committed(tickets: WorkTicket[]): void;
}

const FINDINGS_AT_ONCE = 500;

/**
 * The alert desk: takes findings into alerts, one key at a time, in order. One transaction holds the alert, its log
 * entries, the outbox and the marks on the findings, so a crash leaves all of it or none.
 */
export class AlertDesk {
  readonly #deps: DeskDeps;

  constructor(deps: DeskDeps) {
    this.#deps = deps;
  }

  /** Handler of the queue `desk`; the key is the dedup key. */
  async handle(key: string): Promise<WorkResult> {
    for (;;) {
      const findings = await this.#pending(this.#deps.database, key);
      const [first] = findings;
      if (!first) return DONE;
      const place = (await this.#deps.places.place(first.subject)) ?? { name: first.subject, lat: null, lon: null };
      const tickets = await this.#deps.database.transaction((tx) => this.#take(tx, key, place));
      this.#deps.committed(tickets);
      if (findings.length < FINDINGS_AT_ONCE) return DONE;
    }
  }

  #pending(tx: Tables, key: string): Promise<FindingRow[]> {
    return tx
      .tables<AlertTables>()
      .selectFrom('finding')
      .selectAll()
      .where('dedup_key', '=', key)
      .where('handled_at_ms', 'is', null)
      .orderBy('seq')
      .limit(FINDINGS_AT_ONCE)
      .execute();
  }

  async #take(tx: Tables, key: string, place: Place): Promise<WorkTicket[]> {
    const nowMs = this.#deps.clock.nowMs();
    const db = tx.tables<AlertTables>();
    const latest = await db
      .selectFrom('alert')
      .selectAll()
      .where('dedup_key', '=', key)
      .orderBy('first_at_ms', 'desc')
      .orderBy('committed_at_ms', 'desc')
      .limit(1)
      .forUpdate()
      .executeTakeFirst();
    const open = latest && latest.handling !== 'closed' ? latest : null;
    const findings = await this.#pending(tx, key);
    const folded = this.#fold(findings, open, { place, nowMs, previousId: open ? null : (latest?.id ?? null) });
    if (folded.alert && folded.inputs.length > 0) await saveAlert(tx, folded.alert, open === null);
    if (findings.length > 0) {
      await db
        .updateTable('finding')
        .set({ handled_at_ms: nowMs, alert_id: folded.alert?.id ?? null })
        .where(
          'id',
          'in',
          findings.map(({ id }) => id),
        )
        .execute();
    }
    const entries = await appendLog(tx, folded.inputs);
    return await ticketsFor(tx, this.#deps.clock, entries);
  }

  /** Runs of updates within one transaction become one log entry: the alert as it stands after all of them. */
  #fold(
    findings: FindingRow[],
    open: AlertRow | null,
    context: { place: Place; nowMs: number; previousId: string | null },
  ): { alert: AlertRow | null; inputs: LogInput[] } {
    let alert = open;
    const inputs: LogInput[] = [];
    for (const finding of findings) {
      const step = applyFinding(alert, finding, { ...context, title: this.#deps.titleOf(finding.rule) });
      if (!step) continue;
      alert = step.alert;
      const last = inputs.at(-1);
      const input = { type: step.event, alert, actor: 'citywatch', atMs: context.nowMs };
      if (last?.type === 'alert.updated' && step.event === 'alert.updated') inputs[inputs.length - 1] = input;
      else inputs.push(input);
    }
    return { alert, inputs };
  }
}

/** Inserts a new alert or writes the whole row of an existing one. The caller holds the row's lock. */
export async function saveAlert(tx: Tables, alert: AlertRow, isNew: boolean): Promise<void> {
  const row = {
    ...alert,
    title: JSON.stringify(alert.title),
    data: JSON.stringify(alert.data),
    evidence: JSON.stringify(alert.evidence),
    comments: JSON.stringify(alert.comments),
  };
  const db = tx.tables<AlertTables>();
  if (isNew) await db.insertInto('alert').values(row).execute();
  else await db.updateTable('alert').set(row).where('id', '=', alert.id).execute();
}

/** Notes the work that follows from new log entries: deliveries, and a picture for what was just opened. */
export async function ticketsFor(tx: Tables, clock: Clock, entries: LogEntry[]): Promise<WorkTicket[]> {
  const deliveries = await fillOutbox(tx, entries);
  const opened: EventType = 'alert.opened';
  const tickets: WorkTicket[] = [
    ...deliveries.map(({ key, severity }) => ({ queue: DELIVERY_QUEUE, key, priority: priorityOf(severity) })),
    ...entries
      .filter(({ type }) => type === opened)
      .map(({ alertId, severity }) => ({ queue: EVIDENCE_QUEUE, key: alertId, priority: priorityOf(severity) })),
  ];
  await enqueueWork(tx, clock, tickets);
  return tickets;
}

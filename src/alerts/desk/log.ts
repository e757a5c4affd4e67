import { randomUUID } from 'node:crypto';
import { type Clock, toRfc3339 } from '../../core/clock.ts';
import { type Counter, counterNamed, type Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Database, Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { type Claim, ending, noting, type WorkDesk, type WorkTicket } from '../../platform/work/work.ts';
import { runStages } from '../route/stages/run-stages.ts';
import type { Change, Stage } from '../route/stages/stage.ts';
import { type AlertPlace, type EventType, priorityOf, showAlert } from './alert.ts';
import { waitsForFew } from './life/for-few.ts';
import { lapsesAtMs } from './life/steps.ts';
import type { CountedStatement, LogEntry } from './log/entry.ts';
import { deliveryKey, withEntries } from './log/given.ts';
import { type LogWrite, type LogWritten, write } from './log/write.ts';
import {
  ALERT_CLIPS_QUEUE,
  ALERT_LIFE_QUEUE,
  ALERT_ORDERS_QUEUE,
  DELIVERY_QUEUE,
  EVIDENCE_QUEUE,
  HIT_WAITS_QUEUE,
  PICTURE_PRIORITY,
  STAGE_QUEUE,
  UNCONFIRMED_MS,
  urgencyOf,
} from './queues.ts';
import type { AlertRow } from './tables.ts';

export type { CountedStatement, LogEntry } from './log/entry.ts';

export interface LogInput {
  /** Version of the alert that was read, 0 for a new one. Where it has another by now, nothing is written. */
  from: number;
  type: EventType;
  alert: AlertRow;
  /** Who did it: a person's or token's name, or `citywatch`. */
  actor: string;
  atMs: number;
  /** Of an alert that was hidden until now, and of which nobody was told before. */
  isFirst?: boolean;
}

export interface AlertLogDeps {
  clock: Clock;
  observer: Observer;
  /** In their order; those of a gateway are `stagesOf`. */
  stages: readonly Stage[];
  ownership: Pick<Ownership, 'self' | 'write'>;
  work: WorkDesk;
  /** Says whether an alert of a rule opens a work order, and has a clip; without it none does. */
  book?: RuleFollowers;
}

/** What follows an alert beside its picture. */
interface RuleFollowers {
  opensOrder(rule: string): boolean;
  wantsClip(rule: string): boolean;
}

/** Timers that have come due, by the name of their stage. */
export type DueTimers = ReadonlyMap<string, readonly string[]>;

/** What goes with what is said. */
export interface Along {
  due?: DueTimers;
  /** Further statements of the same transaction; each joins `owner (epoch)` and returns as many rows as it has to. */
  statements?: readonly CountedStatement[];
  /** Work that is done with it. */
  ended?: { queue: string; claims: readonly Claim[] };
}

/** What was said, for whoever is told after the commit. */
export interface Published {
  /** Work that follows; what this process has claimed with it is begun, the rest is rung for. */
  tickets: WorkTicket[];
  entries: LogEntry[];
  /** Alerts that were opened, as they stand now. */
  opened: AlertRow[];
  /** Keys of `ended` that are gone; to the others something was added meanwhile. */
  ended: ReadonlySet<string>;
}

/** What is told after a commit. */
export interface Committed extends Pick<Published, 'tickets' | 'entries' | 'opened'> {
  /** Where the devices of alerts that were opened stood then. */
  places?: ReadonlyMap<DeviceId, AlertPlace>;
}

const NOTHING: Published = { tickets: [], entries: [], opened: [], ended: new Set() };

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
   * Runs what reads alerts and publishes what becomes of them: again, where they have changed meanwhile or one of
   * `lostBy`, constraints that another writer breaks, was.
   */
  written<R>(
    database: Pick<Database, 'transaction' | 'statement'>,
    run: (tables: Tables) => Promise<R>,
    lostBy: readonly string[] = [],
  ): Promise<R> {
    const isLocked = this.#deps.stages.some(({ locks }) => locks);
    return isLocked ? database.transaction(run, lostBy) : database.statement(run, lostBy);
  }

  /**
   * Says what happened: takes it through the stages, then writes with one statement the alerts as they stand after it,
   * log entries, an outbox row for each delivery that was raised, and the work that follows. Where an alert has changed
   * since it was read nothing is written, and {@link written} reads it and says it once more. The head row of the log
   * is locked last and until the commit, so numbers are given out in commit order and no reader can skip one (alerts.md
   * §2). Throws `lease.lost` where another node has taken over.
   */
  async publish(tx: Tables, inputs: LogInput[], along: Along = {}): Promise<Published> {
    const { due = new Map(), statements = [], ended } = along;
    if (inputs.length + due.size + statements.length === 0 && !ended) return NOTHING;
    const { clock, stages, ownership, work } = this.#deps;
    const nowMs = clock.nowMs();
    const given = inputs.map((input, place) => ({ ...input, place, deliveries: [] }));
    const fault = (stage: string, what: string): void => this.#passOver(stage, what);
    const { changes, timers, conditions } = await runStages(tx, stages, given, { nowMs, due, fault });
    const later = timers.map(({ stage, key, atMs }) => ({
      queue: STAGE_QUEUE,
      key: `${stage} ${key}`,
      dueAtMs: atMs,
    }));
    const looked = new Set(changes.filter(({ alert }) => alert.evidence.length > 0).map(({ alert }) => alert.id));
    const following = { book: this.#deps.book, looked };
    const tickets = [...changes.flatMap((change) => ticketsOf(change, following)), ...later];
    const noted = noting(ownership.self.node, nowMs, { tickets, desk: work });
    const entries = changes.map(entryOf);
    const answer = await this.#write(tx, {
      changes,
      entries,
      froms: fromOf(inputs),
      noted: noted.body,
      statements,
      conditions,
      ends: ended ? ending(ended.queue, ended.claims) : null,
    });
    const first = answer.seq - changes.length + 1;
    return {
      tickets: withEntries(noted.noted(answer.noted), changes, entries),
      entries: entries.map((entry, index) => ({ ...entry, seq: first + index })),
      opened: openedBy(changes),
      ended: new Set(answer.ended),
    };
  }

  /** Where it is refused, what stages remember may be why. */
  async #write(tx: Tables, written: LogWrite): Promise<LogWritten> {
    try {
      return await write(tx, this.#deps.ownership, written);
    } catch (error) {
      for (const { memory } of this.#deps.stages) memory?.forget();
      throw error;
    }
  }

  #passOver(stage: string, what: string): void {
    this.#faults.inc({ stage });
    this.#deps.observer.log.error({ part: 'alerts', stage, what }, 'a stage was passed over');
  }
}

function openedBy(changes: readonly Change[]): AlertRow[] {
  const last = new Map(changes.map(({ alert }) => [alert.id, alert]));
  return changes.filter(({ type }) => type === 'alert.opened').map(({ alert }) => last.get(alert.id)!);
}

/** Of each alert the version that was read. */
function fromOf(inputs: readonly LogInput[]): Record<string, number> {
  const froms: Record<string, number> = {};
  for (const { alert, from } of inputs) froms[alert.id] ??= from;
  return froms;
}

/** What may set the time at which something runs out; of a fault also its end. */
const SETS_TIMES: ReadonlySet<EventType> = new Set([
  'alert.acked',
  'alert.assigned',
  'alert.dispatched',
  'alert.shelved',
  'alert.reopened',
]);

/** Work that a change makes; `looked`: alerts of which it is said along with it that no camera sees their place. */
function ticketsOf(
  { type, alert, deliveries }: Change,
  { book, looked }: { book: RuleFollowers | undefined; looked: ReadonlySet<string> },
): WorkTicket[] {
  const priority = type === 'alert.evidence' ? PICTURE_PRIORITY : priorityOf(alert.severity);
  const told = urgencyOf(alert.severity, type);
  const tickets: WorkTicket[] = deliveries
    .filter(({ state }) => state === 'waiting')
    .map(({ subscription }) => ({ queue: DELIVERY_QUEUE, key: deliveryKey(subscription, alert.id), priority: told }));
  const isFaultOver = type === 'alert.cleared' && alert.desk === 'maintenance';
  const lapseMs = SETS_TIMES.has(type) || isFaultOver || alert.exercise ? lapsesAtMs(alert) : null;
  if (lapseMs !== null) tickets.push({ queue: ALERT_LIFE_QUEUE, key: alert.id, priority, dueAtMs: lapseMs });
  // A fault that comes again while its alert is not closed: the order of the time before may be done.
  const comesAgain = type === 'alert.updated' && alert.class !== 'incident';
  if ((type === 'alert.opened' || comesAgain) && book?.opensOrder(alert.rule)) {
    tickets.push({ queue: ALERT_ORDERS_QUEUE, key: alert.id, priority: PICTURE_PRIORITY });
  }
  if (type !== 'alert.opened') return tickets;
  if (alert.data.candidate === true || waitsForFew(alert)) {
    tickets.push({ queue: HIT_WAITS_QUEUE, key: alert.id, priority, dueAtMs: alert.committed_at_ms + UNCONFIRMED_MS });
  }
  if (!looked.has(alert.id)) {
    tickets.push({ queue: EVIDENCE_QUEUE, key: alert.id, priority });
    // What is in memory of the time before would be gone soon.
    if (book?.wantsClip(alert.rule)) tickets.push({ queue: ALERT_CLIPS_QUEUE, key: alert.id, priority });
  }
  return tickets;
}

function entryOf({ type, alert, actor, atMs }: Change): Omit<LogEntry, 'seq'> {
  const id = randomUUID();
  const body = { id, type, at: toRfc3339(atMs), actor, alert: showAlert(alert) };
  const { jurisdiction, severity } = alert;
  return { id, alertId: alert.id, type, atMs, actor, jurisdiction, severity, seenBy: alert.seen_by, body };
}

import type { WorkDays } from '../../core/calendar/work-days.ts';
import { type Clock, MINUTE_MS } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import type { Observer } from '../../core/observe.ts';
import { type Database, type Selectable, sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { DONE, noteOwnWork, type WorkResult } from '../../platform/work/work.ts';
import { matching } from '../desk/filter.ts';
import { lifeOf, truthOf, withLife } from '../desk/life/life.ts';
import { mustBeShown, type Step, shownAgain } from '../desk/life/steps.ts';
import type { AlertLog, Committed, LogInput } from '../desk/log.ts';
import { SILENCE_QUEUE } from '../desk/queues.ts';
import type { AlertRow, AlertTables, SilenceTable } from '../desk/tables.ts';
import { meantBy, type SilencedDevices, type Trees } from './silence.ts';
import { holdsAt, turnsAt } from './times.ts';

export interface SilenceKeeperDeps {
  database: Database<'alerts'>;
  clock: Clock;
  observer: Pick<Observer, 'log'>;
  workDays: WorkDays;
  trees: Trees;
  devices: SilencedDevices;
  ownership: Pick<Ownership, 'transaction'>;
  log: Pick<AlertLog, 'publish'>;
  committed(published: Committed): void;
  ring(queue: string): void;
}

type SilenceRow = Selectable<SilenceTable>;
type Turned = Partial<Pick<SilenceRow, 'state' | 'began_at_ms' | 'ended_at_ms' | 'ended_by'>>;

/** Alerts of one transaction. */
const AT_ONCE = 200;
/** Alerts that others were just writing as a silence turned are committed by then: they are looked for once more. */
const LATE_MS = 2_000;
/** How often those that come again are compared with the clock. */
const LOOK_MS = MINUTE_MS;

/**
 * Begins and ends silences, and the windows of those that come again: hides what is open when one begins to hold, and
 * judges again what it held when it lets go. Each step finds what is left to do in the database, so one that dies in
 * between, or runs twice, does each thing once.
 */
export class SilenceKeeper {
  readonly #deps: SilenceKeeperDeps;
  readonly #looking = new Joined();

  constructor(deps: SilenceKeeperDeps) {
    this.#deps = deps;
  }

  /** Looks from now on, first at once; returns what ends that. */
  start(): () => Promise<void> {
    const { clock, observer } = this.#deps;
    const look = (): void => {
      this.look().catch((error: unknown) => {
        observer.log.warn({ part: 'silences', error: messageOf(error) }, 'will be looked at again');
      });
    };
    const cancel = clock.every(LOOK_MS, look);
    look();
    return async () => {
      cancel();
      await this.#looking.settled();
    };
  }

  /**
   * Has those done that do not stand as the clock says: it was set back, or a day has become a holiday. And those that
   * let go and hold something all the same: a writer hid it so slowly that it was not looked for any more. What is due
   * in time has its own work.
   */
  look(): Promise<void> {
    return this.#looking.run(async () => {
      const { database, clock, workDays, ring } = this.#deps;
      const all = database.tables<AlertTables>().selectFrom('silence').selectAll().where('state', '!=', 'ended');
      const rows = await all.where('repeats', 'is not', null).execute();
      const turning = rows.filter((row) => turn(row, workDays, clock.nowMs()) !== null);
      const wrong = new Set([...turning, ...(await hidingStill(database))].map(({ id }) => id));
      if (wrong.size === 0) return;
      await noteOwnWork(
        this.#deps,
        [...wrong].map((id) => ({ queue: SILENCE_QUEUE, key: id, priority: 1 })),
      );
      ring(SILENCE_QUEUE);
    });
  }

  /** Handler of the queue `silence`; the key is the silence's id. */
  async handle(id: string, signal: AbortSignal): Promise<WorkResult> {
    const { clock, workDays } = this.#deps;
    const { row, turned } = await this.#turned(id);
    if (!row) return DONE;
    for (let after: string | null = null; !signal.aborted; ) {
      after = row.state === 'active' ? await this.#hide(row, after) : await this.#release(id);
      if (after !== null) continue;
      const nowMs = clock.nowMs();
      const lateMs = turned ? nowMs + LATE_MS : Math.max(row.began_at_ms ?? 0, row.ended_at_ms ?? 0) + LATE_MS;
      const nextMs = row.state === 'ended' ? null : turnsAt(row, workDays, nowMs);
      if (nowMs < lateMs) return { again: { atMs: Math.min(lateMs, nextMs ?? lateMs) } };
      return nextMs === null ? DONE : { again: { atMs: nextMs } };
    }
    return { again: { atMs: clock.nowMs() } };
  }

  /** The silence as it stands by now: it has begun or ended where it is time. */
  async #turned(id: string): Promise<{ row: SilenceRow | undefined; turned: boolean }> {
    const { database, clock, ownership, workDays } = this.#deps;
    return await ownership.transaction(database, 'a silence', async (tx) => {
      const silences = tx.tables<AlertTables>();
      const row = await silences.selectFrom('silence').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
      const nowMs = clock.nowMs();
      const set = row && turn(row, workDays, nowMs);
      if (!set) return { row, turned: false };
      const version = row.version + 1;
      await silences
        .updateTable('silence')
        .set({ ...set, version })
        .where('id', '=', id)
        .execute();
      return { row: { ...row, ...set, version }, turned: true };
    });
  }

  /** Hides some of what is open; returns the last one that was looked at, null when none is left. */
  async #hide(row: SilenceRow, after: string | null): Promise<string | null> {
    const { clock } = this.#deps;
    return await this.#inSteps(async (tx) => {
      const all = matching(tx.tables<AlertTables>().selectFrom('alert').selectAll(), meantBy(row, this.#deps));
      const told = all.where('visibility', '=', 'normal').orderBy('id').limit(AT_ONCE).forUpdate();
      const open = await (after === null ? told : told.where('id', '>', after)).execute();
      const atMs = clock.nowMs();
      const inputs = open
        .filter((alert) => !mustBeShown(alert))
        .map((alert): LogInput => {
          const shown = { is: 'silenced', silence: row.id } as const;
          const hidden = { ...withLife(alert, { ...lifeOf(alert), shown }), version: alert.version + 1 };
          return { from: alert.version, type: 'alert.silenced', alert: hidden, actor: row.created_by, atMs };
        });
      return { inputs, last: open.length < AT_ONCE ? null : open.at(-1)!.id };
    });
  }

  /** Judges some of what it holds again; returns null when none is left. */
  async #release(id: string): Promise<string | null> {
    const { clock } = this.#deps;
    return await this.#inSteps(async (tx) => {
      const held = await tx
        .tables<AlertTables>()
        .selectFrom('alert')
        .selectAll()
        .where('hidden', 'is not', null)
        .where(sql<boolean>`hidden ->> 'silence' = ${id}`)
        .orderBy('id')
        .limit(AT_ONCE)
        .forUpdate()
        .execute();
      const told = await toldBefore(tx, held);
      const atMs = clock.nowMs();
      const inputs = held.map((alert): LogInput => {
        const wasTold = told.has(alert.id);
        const { alert: now, event: type } = judgedAgain(alert, { wasTold, atMs });
        return { from: alert.version, type, alert: now, actor: 'citywatch', atMs, isFirst: !wasTold };
      });
      return { inputs, last: held.length < AT_ONCE ? null : held.at(-1)!.id };
    });
  }

  async #inSteps(run: (tx: Tables) => Promise<{ inputs: LogInput[]; last: string | null }>): Promise<string | null> {
    const { database, log, committed } = this.#deps;
    const { published, last } = await database.transaction(async (tx) => {
      const { inputs, last } = await run(tx);
      return { published: await log.publish(tx, inputs), last };
    });
    committed(published);
    return last;
  }
}

/** Those that let go, and of which an alert says that they hide it. */
async function hidingStill(database: Database<'alerts'>): Promise<{ id: string }[]> {
  const over = database.tables<AlertTables>().selectFrom('silence').select('id').where('state', '!=', 'active');
  const hiding = sql<boolean>`id::text in (select hidden ->> 'silence' from alert where hidden is not null)`;
  return await over.where(hiding).execute();
}

/** What becomes of a silence by now; null where it stays. Only one that comes again is ever planned anew. */
function turn(row: SilenceRow, workDays: WorkDays, nowMs: number): Turned | null {
  const { state, ends_at_ms: endsAtMs, repeats } = row;
  if (state === 'ended') return null;
  if (endsAtMs <= nowMs) return { state: 'ended', ended_at_ms: nowMs, ended_by: 'citywatch' };
  const holds = holdsAt(row, workDays, nowMs);
  if (state === 'planned') return holds ? { state: 'active', began_at_ms: nowMs } : null;
  return holds || repeats === null ? null : { state: 'planned' };
}

/**
 * What a silence held, at its end: what is over and nobody worked on is closed, without a word where nothing was said
 * of it before; all else is shown as it stands.
 */
function judgedAgain(alert: AlertRow, { wasTold, atMs }: { wasTold: boolean; atMs: number }): Step {
  if (alert.condition !== 'cleared' || alert.handling !== 'new') return shownAgain(alert);
  const life = lifeOf(alert);
  const { ack, owner, unit, leftAtMs, thereAtMs } = life.handled;
  const handled = { is: 'closed', by: 'citywatch', atMs, ack, owner, unit, leftAtMs, thereAtMs } as const;
  const shown = wasTold ? ({ is: 'shown' } as const) : ({ is: 'silenced', silence: null } as const);
  const closed = withLife(alert, { ...life, handled, shown, truth: truthOf('no_action') });
  return { alert: { ...closed, version: alert.version + 1 }, event: 'alert.closed' };
}

async function toldBefore(tx: Tables, alerts: readonly AlertRow[]): Promise<ReadonlySet<string>> {
  if (alerts.length === 0) return new Set();
  const entries = tx.tables<AlertTables>().selectFrom('alert_event').select('alert_id').distinct();
  const rows = await entries
    .where(
      'alert_id',
      'in',
      alerts.map(({ id }) => id),
    )
    .where(sql<boolean>`body -> 'alert' ->> 'visibility' = 'normal'`)
    .execute();
  return new Set(rows.map(({ alert_id }) => alert_id));
}

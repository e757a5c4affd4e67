import type { Clock } from '../../core/clock.ts';
import { type Database, type Selectable, sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { DONE, type WorkResult } from '../../platform/work/work.ts';
import { matching } from '../desk/filter.ts';
import { lifeOf, truthOf, withLife } from '../desk/life/life.ts';
import { mustBeShown, type Step, shownAgain } from '../desk/life/steps.ts';
import type { AlertLog, Committed, LogInput } from '../desk/log.ts';
import type { AlertRow, AlertTables, SilenceTable } from '../desk/tables.ts';
import { meantBy, type SilencedDevices, type Trees } from './silence.ts';

export interface SilenceKeeperDeps {
  database: Database<'alerts'>;
  clock: Clock;
  trees: Trees;
  devices: SilencedDevices;
  ownership: Pick<Ownership, 'transaction'>;
  log: Pick<AlertLog, 'publish'>;
  committed(published: Committed): void;
}

type SilenceRow = Selectable<SilenceTable>;

/** Alerts of one transaction. */
const AT_ONCE = 200;
/** Alerts that others were just writing as a silence began are committed by then: they are looked for once more. */
const LATE_MS = 2_000;

/**
 * Begins and ends silences: hides what is open when one begins, and judges again what it holds when it ends. Each step
 * finds what is left to do in the database, so one that dies in between, or runs twice, does each thing once.
 */
export class SilenceKeeper {
  readonly #deps: SilenceKeeperDeps;

  constructor(deps: SilenceKeeperDeps) {
    this.#deps = deps;
  }

  /** Handler of the queue `silence`; the key is the silence's id. */
  async handle(id: string, signal: AbortSignal): Promise<WorkResult> {
    const { clock } = this.#deps;
    const row = await this.#turned(id);
    if (!row) return DONE;
    if (row.state === 'planned') return { again: { atMs: row.starts_at_ms } };
    const isOver = row.state === 'ended';
    for (let after: string | null = null; !signal.aborted; ) {
      after = isOver ? await this.#release(id) : await this.#hide(row, after);
      if (after !== null) continue;
      if (isOver) return DONE;
      const lateMs = (row.began_at_ms ?? 0) + LATE_MS;
      return { again: { atMs: clock.nowMs() < lateMs ? Math.min(lateMs, row.ends_at_ms) : row.ends_at_ms } };
    }
    return { again: { atMs: clock.nowMs() } };
  }

  /** The silence as it stands by now: it has begun or ended where it is time. */
  async #turned(id: string): Promise<SilenceRow | undefined> {
    const { database, clock, ownership } = this.#deps;
    return await ownership.transaction(database, 'a silence', async (tx) => {
      const silences = tx.tables<AlertTables>();
      const row = await silences.selectFrom('silence').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
      const nowMs = clock.nowMs();
      const set = row && turn(row, nowMs);
      if (!set) return row;
      const version = row.version + 1;
      await silences
        .updateTable('silence')
        .set({ ...set, version })
        .where('id', '=', id)
        .execute();
      return { ...row, ...set, version };
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
        const { alert: now, event: type } = judgedAgain(alert, { wasTold: told.has(alert.id), atMs });
        return { from: alert.version, type, alert: now, actor: 'citywatch', atMs };
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

/** What becomes of a silence by now; null where it stays. */
function turn({ state, starts_at_ms, ends_at_ms }: SilenceRow, nowMs: number): Partial<SilenceRow> | null {
  if (state !== 'ended' && ends_at_ms <= nowMs) return { state: 'ended', ended_at_ms: nowMs, ended_by: 'citywatch' };
  return state === 'planned' && starts_at_ms <= nowMs ? { state: 'active', began_at_ms: nowMs } : null;
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
  const over = alerts.filter(({ condition }) => condition === 'cleared').map(({ id }) => id);
  if (over.length === 0) return new Set();
  const entries = tx.tables<AlertTables>().selectFrom('alert_event').select('alert_id').distinct();
  const rows = await entries
    .where('alert_id', 'in', over)
    .where(sql<boolean>`body -> 'alert' ->> 'visibility' = 'normal'`)
    .execute();
  return new Set(rows.map(({ alert_id }) => alert_id));
}

import type { Clock } from '../../../core/clock.ts';
import { toRfc3339 } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import { Counter, type Observer } from '../../../core/observe.ts';
import { maskPlatesSaid, platesTold } from '../../../core/plates.ts';
import type { Caller } from '../../../core/types.ts';
import type { Database, Tables } from '../../../platform/database/database.ts';
import { DONE, type WorkResult } from '../../../platform/work/work.ts';
import type { AlertActions, Decide } from '../../desk/life/actions.ts';
import type { Deed } from '../../desk/life/deeds.ts';
import { waitsForFew } from '../../desk/life/for-few.ts';
import { type Step, step } from '../../desk/life/steps.ts';
import { CONFIRMING_DESK } from '../../desk/log/audience.ts';
import type { AlertLog, Committed } from '../../desk/log.ts';
import type { AlertQueries } from '../../desk/queries.ts';
import { UNCONFIRMED_MS } from '../../desk/queues.ts';
import type { AlertRow, AlertTables } from '../../desk/tables.ts';
import { TOP } from '../../ladder/levels.ts';
import { isWatchlistHit } from '../../rules/conditions/event.ts';
import type { HitStepRow, WatchlistTables } from '../tables.ts';
import { DONE_BY, type HitStep, hitState, refusalOf } from './hit.ts';

export interface HitsDeps {
  database: Database<'alerts'>;
  clock: Clock;
  observer: Observer;
  queries: Pick<AlertQueries, 'row'>;
  /** The desk, as far as it takes steps of people into an alert and its log. */
  desk: Pick<AlertActions, 'step'>;
  log: Pick<AlertLog, 'publish'>;
  committed(published: Committed): void;
}

/** Times that an uncertain hit is told again. */
export const ESCALATIONS_MAX = 3;

/** What people do with hits on watchlists: 签收, picture confirmed, intercept order, feedback; each with its time. */
export class Hits {
  readonly #deps: HitsDeps;
  readonly #unconfirmed: Counter;

  constructor(deps: HitsDeps) {
    this.#deps = deps;
    this.#unconfirmed = new Counter({
      name: 'citywatch_hits_unconfirmed_total',
      help: 'Times a hit was told again, more gravely: not confirmed, or of a covert order and taken by nobody.',
      registers: [deps.observer.metrics],
    });
  }

  /** How a hit stands. Errors: `not-found`, also for an alert that is none. */
  async get(caller: Caller, id: string): Promise<HitView> {
    const alert = await this.#deps.queries.row(caller, id);
    requireHit(alert);
    return showHit(alert, await stepsOf(this.#deps.database, id));
  }

  /**
   * Takes a step. The same again by the same person changes nothing. Errors: `not-found`; `conflict.state` out of turn,
   * for a closed alert, and for an order to stop a vehicle that a covert order only follows.
   */
  async step(caller: Caller, id: string, asked: { step: HitStep; text: string | null }): Promise<HitView> {
    const { step: what } = asked;
    const { desk } = this.#deps;
    const decide: Decide = async (alert, nowMs, tx) => {
      requireHit(alert);
      const text = asked.text && maskPlatesSaid(asked.text, platesTold(alert.data));
      const steps = await stepsOf(tx, id);
      const last = steps.at(-1);
      if (last?.step === DONE_BY[what] && last.byId === caller.id) return null;
      const why = refusalOf(steps, what, { isCovert: alert.data.handling === 'covert' });
      if (why !== null) throw new CitywatchError('conflict.state', { detail: why });
      if (alert.handling === 'closed') throw new CitywatchError('conflict.state', { detail: 'The alert is closed.' });
      const done = { step: DONE_BY[what], by: caller.name, byId: caller.id, atMs: nowMs, text };
      await keepSteps(tx, id, [...steps, done]);
      return { ...CHANGES[what](alert, { caller, nowMs, text }), action: `hit.${what}` };
    };
    await desk.step(caller, id, decide);
    return await this.get(caller, id);
  }

  /**
   * Handler of the queue of hits that wait; the key is an alert's id. What nobody has confirmed by now is told again to
   * who confirms, and what is for few and nobody has to those it is for, as extreme and one level further up; after
   * the third time nobody is told any more, and it stays open. When it was told last stands in the alert, so that
   * whoever is killed over it does not tell it twice.
   */
  async handleWait(id: string): Promise<WorkResult> {
    const { database, clock, log, committed } = this.#deps;
    const told = await database.transaction(async (tx) => {
      const all = tx.tables<AlertTables>().selectFrom('alert').selectAll().where('id', '=', id).forUpdate();
      const alert = await all.executeTakeFirst();
      const dueAtMs = alert && escalatesAtMs(alert, await openedAtMs(tx, alert));
      if (!alert || dueAtMs == null) return null;
      const atMs = clock.nowMs();
      if (dueAtMs > atMs) return { next: dueAtMs, published: null };
      const next = escalated(alert, atMs);
      const said = { from: alert.version, type: 'alert.updated', alert: next, actor: 'citywatch', atMs } as const;
      return { next: escalatesAtMs(next, atMs), published: await log.publish(tx, [said]) };
    });
    if (told?.published) {
      this.#unconfirmed.inc();
      committed(told.published);
    }
    return told?.next == null ? DONE : { again: { atMs: told.next } };
  }
}

/**
 * When it was told first (Unix ms): a car that stands at the checkpoint is read over and over, which gives nobody more
 * time. When it was received, where the log of then is gone.
 */
async function openedAtMs(tx: Tables, { id, first_at_ms }: AlertRow): Promise<number> {
  const entries = tx.tables<AlertTables>().selectFrom('alert_event').where('alert_id', '=', id);
  const opening = entries.where('type', '=', 'alert.opened').select('at_ms').orderBy('seq').limit(1);
  return (await opening.executeTakeFirst())?.at_ms ?? first_at_ms;
}

/**
 * When an uncertain hit, or one for few that nobody has, is told again (Unix ms); null where it is none any more, or
 * was told often enough.
 */
function escalatesAtMs(alert: AlertRow, openedMs: number): number | null {
  const { handling, data } = alert;
  const times = Number(data.escalated ?? 0);
  const waits = data.candidate === true || waitsForFew(alert);
  if (handling === 'closed' || !waits || times >= ESCALATIONS_MAX) return null;
  const lastMs = typeof data.escalated_at === 'string' ? Date.parse(data.escalated_at) : openedMs;
  return lastMs + UNCONFIRMED_MS * 2 ** times;
}

/** Graver and further up, so that those of the county and the city who confirm hear of it as well. */
function escalated(alert: AlertRow, nowMs: number): AlertRow {
  const times = Number(alert.data.escalated ?? 0) + 1;
  return {
    ...alert,
    severity: 'extreme',
    level: Math.max(alert.level, Math.min(TOP, times)),
    data: { ...alert.data, escalated: times, escalated_at: toRfc3339(nowMs) },
    version: alert.version + 1,
  };
}

interface StepBy {
  caller: Caller;
  nowMs: number;
  text: string | null;
}

type Changed = Step;

/** What each step is to the alert. */
const CHANGES: Record<HitStep, (alert: AlertRow, by: StepBy) => Changed> = {
  sign(alert, by) {
    const isFree = alert.acked_by_id === null || alert.acked_by_id === by.caller.id;
    return (isFree && did(alert, by, { does: 'ack' })) || said(alert, by, '签收');
  },

  /** An uncertain read is a hit from now on, and everybody's who sees its place. */
  confirm(alert, by) {
    if (alert.data.candidate !== true) return said(alert, by, '图像已确认');
    const isForDesk = alert.seen_by?.includes(CONFIRMING_DESK) ?? false;
    const data = { ...alert.data, candidate: false, confirmed_by: by.caller.name };
    const seen_by = isForDesk ? null : alert.seen_by;
    const { alert: moved } = said(alert, by, '图像已确认');
    return { alert: { ...moved, data, seen_by }, event: 'alert.updated' };
  },

  refute(alert, by) {
    return did(alert, by, { does: 'close', verdict: 'misread_plate', text: spoken(by, '非布控车辆') })!;
  },

  order: (alert, by) => said(alert, by, '拦截指令'),
  report: (alert, by) => said(alert, by, '反馈'),
};

function said(alert: AlertRow, by: StepBy, what: string): Changed {
  return did(alert, by, { does: 'note', text: spoken(by, what) })!;
}

function spoken({ text }: StepBy, what: string): string {
  return text === null ? what : `${what}: ${text}`;
}

/** As anybody does it with any alert: with the time after which it counts as forgotten. Null changes nothing. */
function did(alert: AlertRow, { caller: { id, name }, nowMs }: StepBy, deed: Deed): Changed | null {
  return step(alert, deed, { id, name, nowMs });
}

function requireHit(alert: AlertRow): void {
  if (isWatchlistHit(alert.data)) return;
  throw new CitywatchError('not-found', { detail: 'This alert is no hit on a watchlist.' });
}

async function stepsOf(tables: Tables, id: string): Promise<HitStepRow[]> {
  const db = tables.tables<WatchlistTables>();
  const row = await db.selectFrom('watch_hit').select('steps').where('alert_id', '=', id).executeTakeFirst();
  return row?.steps ?? [];
}

/** The alert is locked: nobody else writes them meanwhile. */
async function keepSteps(tx: Tables, id: string, steps: readonly HitStepRow[]): Promise<void> {
  const values = { steps: JSON.stringify(steps), version: steps.length };
  await tx
    .tables<WatchlistTables>()
    .insertInto('watch_hit')
    .values({ alert_id: id, ...values })
    .onConflict((conflict) => conflict.column('alert_id').doUpdateSet(values))
    .execute();
}

/** How a hit is shown, by its alert and what was done with it. */
export function showHit(alert: AlertRow, steps: readonly HitStepRow[]) {
  const raisedMs = alert.first_at_ms;
  return {
    alert: alert.id,
    state: hitState(steps),
    candidate: alert.data.candidate === true,
    historical: alert.data.historical === true,
    covert: alert.data.handling === 'covert',
    escalated: Number(alert.data.escalated ?? 0),
    raisedAt: toRfc3339(raisedMs),
    steps: steps.map(({ step, by, atMs, text }) => {
      return { step, by, at: toRfc3339(atMs), afterS: Math.max(0, Math.round((atMs - raisedMs) / 1_000)), text };
    }),
  };
}

export type HitView = ReturnType<typeof showHit>;

import { AlertDesk, FINDINGS_KEYS_AT_ONCE } from '../../../../src/alerts/desk/desk.ts';
import { AlertActions } from '../../../../src/alerts/desk/life/actions.ts';
import { AlertLog } from '../../../../src/alerts/desk/log.ts';
import { AlertQueries } from '../../../../src/alerts/desk/queries.ts';
import { DESK_QUEUE, STAGE_QUEUE } from '../../../../src/alerts/desk/queues.ts';
import { StageTimers } from '../../../../src/alerts/desk/stage-timers.ts';
import { RulesEngine } from '../../../../src/alerts/rules/engine.ts';
import type { RuleBook } from '../../../../src/alerts/rules/rule-book.ts';
import { RULES_SAVE_MS, RulesReader } from '../../../../src/alerts/rules/rules-reader.ts';
import { type Clock, systemClock } from '../../../../src/core/clock.ts';
import { slotOf } from '../../../../src/core/slots.ts';
import type { DeviceKind } from '../../../../src/core/types.ts';
import { DATABASE_LIMITS, Database } from '../../../../src/platform/database/database.ts';
import { migrate } from '../../../../src/platform/database/migrate.ts';
import { LEFT_TO_CLAIMS, WorkQueue } from '../../../../src/platform/work/work.ts';
import { decodeMessage } from '../../ingest/decode.ts';
import { incarnationOf } from '../../ingest/journal.ts';
import { storedMessage } from '../../ingest/kiosk-kind.ts';
import { firstOwner } from '../../services/ownership.ts';
import { type Owner, quietObserver } from '../../services/services.ts';
import { freshDatabase } from '../../services/shared-database.ts';
import { ADMIN, NAMELESS, NO_RULE_GONE, PLATES } from '../alert-desk.ts';
import { ALL_THERE } from '../alerts.ts';
import { usualStages } from '../usual-stages.ts';
import type { EventSet, Sent } from './happenings.ts';
import { Clerk, OPERATOR, type Worked } from './operator.ts';

const DISTRICT = '330203';

/** A date that stands still until it is set; what waits for a time goes by the machine. */
class SetClock implements Clock {
  readonly every = systemClock.every;
  readonly after = systemClock.after;
  readonly sleep = systemClock.sleep;
  readonly monotonicMs = systemClock.monotonicMs;
  #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  set(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
  }
}

/** The rules and kinds of a gateway. */
export interface Given {
  book: RuleBook;
  kinds: { latest(kind: string): DeviceKind | undefined };
}

/**
 * The same set through the rules, the desk and its stages as a gateway has them, on PostgreSQL: the operator works on
 * the police desk in the order `urgency`, and opens what stands for others. Nobody watches the clocks of stages but
 * when something happens. Devices hang on nothing, and one desk has all levels.
 */
export async function ours(t: Owner, set: EventSet, given: Given): Promise<Worked> {
  const clock = new SetClock(set.fromMs);
  const { reader, queries, actions, settle } = await openDesk(t, clock, set, given);
  const clerk = new Clerk(set.happenings);
  let freeAtMs = set.fromMs;

  /** Works through what is there, until `untilMs`. */
  const work = async (untilMs: number): Promise<void> => {
    while (freeAtMs < untilMs) {
      clock.set(freeAtMs);
      const filter = { handling: 'new', visibility: 'normal', wanted: { desk: 'police' }, order: 'urgency' } as const;
      const [alert] = (await queries.list(ADMIN, { ...filter, limit: 1 })).items;
      if (!alert) {
        freeAtMs = untilMs;
        return;
      }
      const parts = (await queries.list(ADMIN, { storm: alert.id, handling: 'new', limit: 500 })).items;
      const devices = [alert, ...parts].map(({ device }) => device!);
      const busyS = clerk.take(devices, { shownAtMs: Date.parse(alert.firstAt), atMs: freeAtMs });
      clock.set(freeAtMs + OPERATOR.look * 1_000);
      for (const { id } of [alert, ...parts]) await actions.ack(ADMIN, id);
      freeAtMs += busyS * 1_000;
      clock.set(freeAtMs);
      for (const { id, device } of [alert, ...parts]) {
        const isRight = clerk.truthOf(device!) === 'incident';
        await actions.close(ADMIN, id, { verdict: isRight ? 'confirmed' : 'false_positive' });
      }
      await settle();
    }
  };

  for (const [offset, sent] of set.sent.entries()) {
    await work(sent.atMs);
    clock.set(sent.atMs);
    const message = decoded(sent, offset, given.kinds);
    await reader.handle({ lane: 'live', from: offset, to: offset + 1, messages: [message] });
    await settle();
  }
  await work(set.toMs);
  const left = await queries.list(ADMIN, {
    handling: 'new',
    wanted: { desk: 'police' },
    visibility: 'normal',
    limit: 500,
  });
  clerk.worked.left = left.items.length;
  await reader.stop();
  return clerk.worked;
}

function decoded({ kind: name, device: id, channel, payload, atMs }: Sent, offset: number, kinds: Given['kinds']) {
  const kind = kinds.latest(name)!;
  const device = { id, kind: name, kindVersion: kind.version, jurisdiction: DISTRICT };
  const place = { channel, device, receivedAtMs: atMs, offset, endOffset: offset + 1 };
  const message = storedMessage(JSON.stringify(payload), place);
  const { records, refusals } = decodeMessage(message, kind);
  if (refusals.length > 0) throw new Error(`${id} sends what its kind does not have: ${JSON.stringify(refusals)}`);
  return { message, records, refusals };
}

async function openDesk(t: Owner, clock: Clock, set: EventSet, { book }: Given) {
  const observer = quietObserver();
  const { url } = await freshDatabase(t);
  const database = await Database.open({ url, observer, clock, limits: DATABASE_LIMITS });
  t.teardown(() => database.close());
  await migrate(database);
  const ownership = firstOwner();
  const work = new WorkQueue({ database, clock, observer, ownership });
  const stages = usualStages({ maintained: { above: (device) => (set.maintained.has(device) ? device : null) } });
  const log = new AlertLog({ clock, observer, stages, ownership, work: LEFT_TO_CLAIMS });
  const committed = (): void => {};
  const placesOf = async (ids: string[]) => new Map(ids.map((id) => [id, whereIs(id)]));
  const titleOf = (rule: string) => book.titleOf(rule);
  const places = { placesOf, ...NAMELESS };
  const desk = new AlertDesk({ database, clock, log, places, gone: NO_RULE_GONE, titleOf, committed });
  const timers = new StageTimers({ database, log, committed });
  work.handle(DESK_QUEUE, (key, _signal, claim) => desk.handle(key, claim), { atOnce: FINDINGS_KEYS_AT_ONCE });
  work.handle(STAGE_QUEUE, (key) => timers.handle(key));
  const reader = new RulesReader({
    database,
    clock,
    observer,
    engine: new RulesEngine(book.current(), { match: () => [] }, ALL_THERE),
    head: () => Number.MAX_SAFE_INTEGER,
    isClockKnown: () => true,
    raised: () => {},
    committed,
    incarnationOf,
    plates: PLATES,
    slotOf,
    ownership,
    work: LEFT_TO_CLAIMS,
    saveMs: RULES_SAVE_MS,
  });
  await reader.load('live');
  const { signal } = new AbortController();
  /** Does what is due by now. */
  const settle = async (): Promise<void> => {
    for (;;) {
      const due = (await work.due()).filter((queue) => queue === DESK_QUEUE || queue === STAGE_QUEUE);
      if (due.length === 0) return;
      for (const queue of due) await work.pump(queue, signal);
      await work.idle();
    }
  };
  const personWhoSees = async (_: unknown, username: string) => ({ id: username, username, confirms: false });
  const actions = new AlertActions({ database, clock, log, committed, personWhoSees });
  return { reader, queries: new AlertQueries(database), actions, settle };
}

function whereIs(id: string) {
  return { lat: 29.87, lon: 121.55, retired: false, name: id, jurisdiction: DISTRICT };
}

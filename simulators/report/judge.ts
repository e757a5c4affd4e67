import type { Delays } from '../fleet/delays.ts';
import { expectedOf, judgeAlerts } from './alerts.ts';
import { blindOf, camerasOf, promisesOfCameras } from './cameras.ts';
import { eventsOf } from './events.ts';
import type { DeviceFacts, Facts, Moment } from './facts.ts';
import { promiseOfPower, unsynced } from './power.ts';
import { loopOf, stagesOf } from './stages.ts';
import type { StoreReader } from './store.ts';
import { delaysOf, type KindRow, type PromiseTold, promiseTold, type Verdict } from './verdict.ts';

/** What a run is judged by. */
export interface Limits {
  lost: number;
  doubled: number;
  ackP99Ms: number;
  wellWithinS: number;
}

export const LIMITS: Limits = { lost: 0, doubled: 0, ackP99Ms: 2_000, wellWithinS: 60 };

/** From here on the generator, not the gateway, makes the delays. */
const BOTTLENECK = { lateP99Ms: 100, lateShare: 0.01, loopP99Ms: 200, cpuShare: 0.9 };
const EXAMPLES_MAX = 10;
const SPREAD_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/**
 * Judges a run by its ledger and by what the store has. A record is known by its device and the time that the device
 * gave it: what was acknowledged has to be there once. Without a store nothing is said of what was kept.
 * Throws where the ledger has no beginning, or the store cannot be read.
 */
export async function judge(facts: Facts, store: StoreReader | null, limits: Limits = LIMITS): Promise<Verdict> {
  const { head, self } = facts;
  if (!head) throw new Error('the ledger has no beginning: it is of no run');
  if (store) await count(facts, store);
  const examples: string[] = [];
  const kinds = kindsOf(facts).map((kind) => rowOf(facts, kind, store === null ? null : examples));
  const { examples: ofAlerts, ...alerts } = judgeAlerts(facts);
  const stale = staleOf(facts);
  const told = { kinds, answers: delaysOf(facts.answers), alerts, stale };
  const promises = promisesOf(facts, told, store !== null, limits);
  const unmade = facts.unmade.map(({ fromMs, toMs, ...one }) => {
    return { ...one, fromMs: fromMs - head.beganAtMs, toMs: toMs - head.beganAtMs };
  });
  const isBroken = promises.some(({ kept }) => kept === false);
  const isJudged = promises.some(({ kept }) => kept === true);
  return {
    head,
    verdict: isBroken ? 'broken' : unmade.length > 0 ? 'incomplete' : isJudged ? 'kept' : 'not judged',
    unmade,
    promises,
    ...told,
    lateness: delaysOf(facts.lateness),
    excused: delaysOf(facts.excused),
    answersSpread: spreadOf(facts.answers),
    examples: [
      ...examples,
      ...ofAlerts,
      ...entriesOf(facts),
      ...silencesOf(facts),
      ...unwellOf(facts),
      ...blindOf(facts),
      ...unsynced(facts),
    ].slice(0, EXAMPLES_MAX),
    events: eventsOf(facts),
    cameras: camerasOf(facts),
    stages: stagesOf(facts),
    loop: loopOf(facts),
    perTenSeconds: facts.bins.map((bin, at) => ({ atS: at * 10, sent: bin.sent, acked: bin.acked })),
    processes: facts.processes,
    self,
    isBottleneck: isBottleneck(facts),
    isWhole: self !== null,
  };
}

function kindsOf({ devices }: Facts): string[] {
  return [...new Set([...devices.values()].map(({ kind }) => kind))].sort();
}

async function count(facts: Facts, store: StoreReader): Promise<void> {
  if (facts.fromMs > facts.toMs) return;
  for (const kind of kindsOf(facts)) {
    const devices = new Map<string, DeviceFacts>();
    for (const device of facts.devices.values()) if (device.kind === kind) devices.set(device.id, device);
    for await (const { device, tsMs } of store.rows(kind, facts.fromMs, facts.toMs)) {
      const moment = devices.get(device)?.moments.get(tsMs);
      // Of devices or times that this run knows nothing of: another run's, or of before.
      if (moment) moment.stored += 1;
    }
  }
}

/** `examples` gathers what is wrong; null where there was no store, and nothing can be said of what it has. */
function rowOf(facts: Facts, kind: string, examples: string[] | null): KindRow {
  const counts = facts.kinds.get(kind) ?? { sent: 0, acked: 0, refused: 0, explained: 0 };
  const stored = { stored: 0, lost: 0, doubled: 0 };
  let devices = 0;
  let records = 0;
  for (const device of facts.devices.values()) {
    if (device.kind !== kind) continue;
    devices += 1;
    for (const [tsMs, moment] of device.moments) {
      records += moment.acked;
      if (examples !== null) holdAgainstStore({ device, tsMs, moment }, stored, examples);
    }
  }
  const unknown = { stored: null, lost: null, doubled: null };
  const unanswered = facts.unanswered(kind);
  return { kind, devices, ...counts, unanswered, records, ...(examples === null ? unknown : stored) };
}

type InStore = Record<'stored' | 'lost' | 'doubled', number>;

function holdAgainstStore(
  one: { device: DeviceFacts; tsMs: number; moment: Moment },
  sum: InStore,
  examples: string[],
) {
  const { sent, acked, stored } = one.moment;
  const lost = Math.max(0, acked - stored);
  // Two records of one time are two points: only what is more than was sent is doubled.
  const doubled = Math.max(0, stored - sent);
  sum.stored += Math.min(stored, sent);
  sum.lost += lost;
  sum.doubled += doubled;
  if (lost + doubled === 0 || examples.length >= EXAMPLES_MAX) return;
  const what = lost > 0 ? 'acknowledged and not stored' : `stored ${stored} times`;
  examples.push(`${one.device.id} ${new Date(one.tsMs).toISOString()}: ${what}`);
}

/** Who got in, or saw what is another's. */
function entriesOf({ refusals }: Facts): string[] {
  return refusals
    .filter(({ letIn }) => letIn > 0)
    .map(({ what, tries, letIn }) => `${what}: ${letIn} of ${tries} let in`);
}

function silencesOf({ owed }: Facts): string[] {
  return owed.slice(0, 3).map(({ device, messages }) => `${device}: ${messages} messages sent and never answered`);
}

function staleOf({ looks }: Facts): Verdict['stale'] {
  const stale = looks.filter(({ shownMs, sentMs }) => sentMs > 0 && (shownMs ?? 0) < sentMs);
  const examples = stale.slice(0, 3).map(({ device }) => device);
  return { looked: looks.length, stale: stale.length, examples };
}

type Told = Pick<Verdict, 'kinds' | 'answers' | 'alerts' | 'stale'>;

function promisesOf(facts: Facts, told: Told, hasStore: boolean, limits: Limits): PromiseTold[] {
  const sum = (field: 'lost' | 'doubled'): number => told.kinds.reduce((all, row) => all + (row[field] ?? 0), 0);
  const noStore = hasStore ? null : 'no store was named';
  const noCentre = expectedOf(facts).length > 0 ? null : 'no alert was expected';
  const slow = whyNoDelays(facts);
  const { alerts, stale, answers } = told;
  const quiet = facts.deliveries.length === 0 ? noCentre : null;
  return [
    promiseTold('acknowledged and lost', sum('lost'), limits.lost, noStore),
    promiseTold('stored twice', sum('doubled'), limits.doubled, noStore),
    promiseTold(
      'acknowledged within, p99 ms',
      answers.p99Ms,
      limits.ackP99Ms,
      slow ?? (answers.count === 0 ? 'none' : null),
    ),
    promiseTold(
      'sent and never answered',
      owedOf(facts),
      0,
      facts.self === null ? 'the run did not end by itself' : null,
    ),
    promiseTold('expected alerts missing', alerts.missing, 0, noCentre),
    promiseTold('expected alerts late', alerts.late, 0, noCentre ?? slow),
    promiseTold('alerts not cleared', alerts.uncleared, 0, clearsWanted(facts) ? noCentre : 'no end was expected'),
    promiseTold('alerts told twice', alerts.doubled, 0, quiet),
    promiseTold('alerts of nothing', alerts.false, 0, quiet),
    promiseTold(
      'storms told with another count',
      alerts.miscounted,
      0,
      alerts.storms === 0 ? 'there was no storm' : null,
    ),
    promiseTold('devices shown as they were before', stale.stale, 0, stale.looked === 0 ? 'nobody looked' : null),
    ...promisesOfFaults(facts, limits),
    ...promisesOfCameras(facts),
    promiseOfPower(facts),
  ];
}

/** Messages of devices that were connected at the end and had waited long enough. */
function owedOf({ owed }: Facts): number {
  return owed.reduce((all, { messages }) => all + messages, 0);
}

function clearsWanted({ befallen }: Facts): boolean {
  return befallen.some(({ clearWithinMs }) => clearWithinMs !== null);
}

/**
 * Kinds of which the target's own ledger knows fewer messages than it acknowledged, or does not balance: a ledger may
 * balance and leave out what was lost. More is no fault: others may send as well.
 */
function falseBooksOf({ counted, kinds }: Facts): number {
  return counted.filter(({ kind, messages, isBalanced }) => {
    return !isBalanced || messages < (kinds.get(kind)?.acked ?? 0);
  }).length;
}

function promisesOfFaults(facts: Facts, { wellWithinS }: Limits): PromiseTold[] {
  const { healed, refusals, counted } = facts;
  // One that was not in time was looked at no longer.
  const tookS = healed.map(({ endedMs, wellMs }) => (wellMs === null ? wellWithinS + 1 : (wellMs - endedMs) / 1_000));
  const letIn = refusals.reduce((all, one) => all + one.letIn, 0);
  const tries = refusals.reduce((all, one) => all + one.tries, 0);
  return [
    promiseTold(
      'all lights green after a fault, s',
      Math.round(Math.max(0, ...tookS) * 10) / 10,
      wellWithinS,
      healed.length === 0 ? 'there was no fault' : null,
    ),
    promiseTold('let in and to be refused', letIn, 0, tries === 0 ? 'nobody tried' : null),
    promiseTold(
      'kinds with a ledger that is wrong',
      falseBooksOf(facts),
      0,
      counted.length === 0 ? 'nobody looked' : null,
    ),
  ];
}

/** Why delays say little of the target; null where they do. */
function whyNoDelays(facts: Facts): string | null {
  if (isBottleneck(facts)) return 'the generator itself was the bottleneck';
  // Each call of it stands still until it was looked at.
  return facts.power !== null && 'right' in facts.power ? 'the target was watched by strace, which slows it' : null;
}

function isBottleneck({ self, lateness }: Facts): boolean {
  if (lateness.count > 0 && lateness.quantile(1 - BOTTLENECK.lateShare) > BOTTLENECK.lateP99Ms) return true;
  return self !== null && (self.loopP99Ms > BOTTLENECK.loopP99Ms || self.cpuShare > BOTTLENECK.cpuShare);
}

function spreadOf(delays: Delays): Verdict['answersSpread'] {
  const counts = delays.spread(SPREAD_MS);
  return counts.map((number, at) => ({ upToMs: SPREAD_MS[at] ?? null, count: number }));
}

function unwellOf({ healed }: Facts): string[] {
  return healed.flatMap(({ what, left }) => left.map((text) => `after ${what}: ${text}`));
}

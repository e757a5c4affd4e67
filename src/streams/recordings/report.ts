import { type Clock, chinaDayAt, DAY_MS, MINUTE_MS, startOfChinaDay } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import { covers, type Jurisdiction, type Scope, type Tree } from '../../core/jurisdiction.ts';
import { nextTurn } from '../../core/mechanisms/next-turn.ts';
import { percentOf } from '../../core/percent.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import type { Database } from '../../platform/database/database.ts';
import type { RecordingPlans, StandingPlan } from '../recorder/plan/plans.ts';
import { expectedMs, NEVER, type Week, weekOf } from '../recorder/plan/schedule.ts';
import type { KeptDays, RecordingClass } from './classes.ts';
import { type Kept, keptAgainstLaw } from './kept-against-law.ts';
import {
  type DayHoles,
  type DaysAsked,
  dayNumber,
  holesOfDays,
  oldestDays,
  recordedDays,
  startOfDay,
} from './recorded-days.ts';

export interface RecordingReportDeps {
  database: Database;
  clock: Clock;
  tree: Tree;
  plans: Pick<RecordingPlans, 'standing'>;
  classOf(id: DeviceId): RecordingClass;
  leastDays: KeptDays;
  /** Cameras within an area that are not retired. */
  within(scope: Scope): Iterable<{ id: DeviceId; jurisdiction: Jurisdiction }>;
  /** Cameras within an area that were retired at a moment or later, and when. */
  retired(scope: Scope, sinceMs: number): Promise<RetiredCamera[]>;
  /** How devices are called; the caller's right to see them is checked before. */
  namesOf(ids: DeviceId[]): Promise<ReadonlyMap<DeviceId, { name: string }>>;
}

/** A camera that is gone; `retiredAtMs` is Unix ms. */
export interface RetiredCamera {
  id: DeviceId;
  jurisdiction: Jurisdiction;
  retiredAtMs: number;
}

export interface RecordingFilter {
  /** Days of China, both included; yesterday and today where they are left out. */
  from?: string;
  to?: string;
  jurisdiction?: Jurisdiction;
  /** One camera; the caller's right to it is asked as that to all. */
  device?: DeviceId;
  /** Only days of which less than this was recorded, percent. */
  below?: number;
}

export interface RecordingCounts {
  cameras: number;
  /** How long it should have been, by the plan as it stands. */
  expectedS: number;
  /** How long of it was, at most what was expected. */
  recordedS: number;
  /** How much of it came later from the cameras' own storage. */
  edgeS: number;
  /** See `percentOf`; null where nothing was expected. */
  percent: number | null;
}

/** A camera on a day. */
export interface RecordingRow extends Omit<RecordingCounts, 'cameras'> {
  day: string;
  device: DeviceId;
  name: string;
  jurisdiction: Jurisdiction;
  holes: number;
  longestHoleS: number;
  /** Of the longest hole; null where there is none. */
  cause: string | null;
  /** Of which something is still there. */
  oldestDay: string | null;
  class: RecordingClass;
  /** For how many days its class is kept at least. */
  leastDays: number;
  /** As `oldestDay`, of what is not pinned. */
  oldestUnpinnedDay: string | null;
  /** Something was recorded within its least days that is gone; what is pinned makes up for nothing. */
  isRemovedEarly: boolean;
  /** How much of the day is pinned. */
  pinnedS: number;
}

export interface RecordingReported {
  from: string;
  to: string;
  /** Of all days, whatever `below` leaves out. */
  sum: RecordingCounts;
  /** In order of camera and day. */
  rows: RecordingRow[];
}

const DAYS_MAX = 31;
/** So many are counted in one turn of the event loop: 31 days of all cameras of a city would take half a second. */
const CAMERAS_AT_ONCE = 200;
/** And so many rows put into order. */
const ROWS_AT_ONCE = 5_000;
/** A file gets its row when its minute is over, so nobody knows yet what was recorded of the last ones. */
const SETTLED_MS = 2 * MINUTE_MS;

/** What was recorded of cameras day by day, against what should have been. */
export class RecordingReport {
  readonly #deps: RecordingReportDeps;

  constructor(deps: RecordingReportDeps) {
    this.#deps = deps;
  }

  /** Errors: `request.invalid` for days that are not over yet, or more than 31. */
  async report(caller: Caller, { jurisdiction, device, below, ...days }: RecordingFilter): Promise<RecordingReported> {
    const { database, clock, tree } = this.#deps;
    const nowMs = clock.nowMs();
    const { fromMs, toMs } = periodOf(days, nowMs);
    const area = jurisdiction === undefined ? null : tree.area(jurisdiction);
    const gone = await this.#deps.retired(caller, fromMs);
    const ends = new Map(gone.map(({ id, retiredAtMs }) => [id, retiredAtMs]));
    const places = new Map<DeviceId, Jurisdiction>();
    for (const { id, jurisdiction: place } of [...this.#deps.within(caller), ...gone])
      if ((area === null || covers(area, place)) && (device ?? id) === id) places.set(id, place);
    const plans = new Map([...this.#deps.plans.standing()].map((plan) => [plan.device, plan]));
    const asked = { devices: [...places.keys()].sort(), fromMs, toMs: Math.min(toMs, nowMs - SETTLED_MS) };
    const [recorded, holes, oldest] = await Promise.all([
      recordedDays(database, asked),
      holesOfDays(database, asked),
      oldestDays(database, asked.devices),
    ]);
    const holesOf = await byDevice(holes);
    const sum = new Sum();
    const shown: CountedDay[] = [];
    for (const devices of chunksOf(asked.devices, CAMERAS_AT_ONCE)) {
      const counted = countedDays({ ...asked, devices }, { plans, ends, recorded, holes: holesOf });
      sum.add(counted);
      shown.push(...counted.filter((one) => below === undefined || one.keptMs * 100 < one.expectedMs * below));
      await nextTurn();
    }
    const { classOf, leastDays } = this.#deps;
    const devices = [...new Set(shown.map(({ device }) => device))];
    const today = dayNumber(nowMs);
    const kept = await keptAgainstLaw({ database, devices, oldest, classOf, leastDays, today, atMs: nowMs });
    const about = { places, names: await this.#deps.namesOf(devices), oldest, kept, textOf: dayTexts() };
    return { from: chinaDayAt(fromMs), to: chinaDayAt(toMs - 1), sum: sum.counts, rows: await rowsOf(shown, about) };
  }
}

interface CountedDay {
  device: DeviceId;
  day: number;
  expectedMs: number;
  keptMs: number;
  edgeMs: number;
  holes: DayHoles | undefined;
}

interface Found {
  plans: ReadonlyMap<DeviceId, StandingPlan>;
  /** Until when those were there that are gone. */
  ends: ReadonlyMap<DeviceId, number>;
  recorded: Awaited<ReturnType<typeof recordedDays>>;
  holes: ReadonlyMap<DeviceId, readonly DayHoles[]>;
}

/** Days on which a camera should have been recorded, or was, in order of camera and day. */
function countedDays({ devices, fromMs, toMs }: DaysAsked, { plans, ends, recorded, holes }: Found): CountedDay[] {
  const found = new Map<DeviceId, Map<number, CountedDay>>();
  const dayOf = (device: DeviceId, day: number): CountedDay => {
    const days = found.get(device) ?? new Map<number, CountedDay>();
    found.set(device, days);
    const counted = days.get(day) ?? { device, day, expectedMs: 0, keptMs: 0, edgeMs: 0, holes: undefined };
    days.set(day, counted);
    return counted;
  };
  for (const { device, plan, sinceMs } of devices.flatMap((id) => plans.get(id) ?? [])) {
    // Nobody knows beforehand when something happens.
    const week: Week = plan.mode === 'event' ? NEVER : weekOf(plan.mode === 'schedule' ? plan.hours : null);
    const untilMs = Math.min(toMs, ends.get(device) ?? toMs);
    for (let day = dayNumber(Math.max(fromMs, sinceMs)); startOfDay(day) < untilMs; day += 1) {
      const begin = Math.max(startOfDay(day), sinceMs);
      const ms = expectedMs(week, begin, Math.min(startOfDay(day + 1), untilMs));
      if (ms > 0) dayOf(device, day).expectedMs = ms;
    }
  }
  for (const device of devices) {
    for (const [day, recordedMs, edgeMs] of recorded.get(device) ?? []) {
      const counted = dayOf(device, day);
      // What was recorded beyond the plan makes up for no hole in it.
      counted.keptMs = counted.expectedMs > 0 ? Math.min(recordedMs, counted.expectedMs) : recordedMs;
      counted.edgeMs = Math.min(edgeMs, counted.keptMs);
    }
    for (const one of holes.get(device) ?? []) dayOf(device, one.day).holes = one;
  }
  return devices.flatMap((device) => [...(found.get(device)?.values() ?? [])].sort((a, b) => a.day - b.day));
}

/** Errors: `request.invalid`. */
function periodOf({ from, to }: Pick<RecordingFilter, 'from' | 'to'>, nowMs: number) {
  const today = startOfChinaDay(chinaDayAt(nowMs));
  const lastMs = to === undefined ? today : startOfChinaDay(to);
  const fromMs = from === undefined ? lastMs - DAY_MS : startOfChinaDay(from);
  if (lastMs > today) throw invalid('to', 'is still to come: name today or a day before');
  if (fromMs > lastMs) throw invalid('from', 'is later than `to`');
  if (lastMs - fromMs >= DAYS_MAX * DAY_MS) throw invalid('from', `is too early: ask for ${DAYS_MAX} days at most`);
  return { fromMs, toMs: lastMs + DAY_MS };
}

/** Each camera's own, in the order given. */
async function byDevice<Row extends { device: DeviceId }>(rows: readonly Row[]): Promise<Map<DeviceId, Row[]>> {
  const found = new Map<DeviceId, Row[]>();
  for (const some of chunksOf(rows, ROWS_AT_ONCE)) {
    for (const row of some) {
      const own = found.get(row.device) ?? [];
      own.push(row);
      found.set(row.device, own);
    }
    await nextTurn();
  }
  return found;
}

interface About {
  /** A day of China as text: of 100,000 rows each names three, and all of them are some 60. */
  textOf(day: number): string;
  places: ReadonlyMap<DeviceId, Jurisdiction>;
  names: ReadonlyMap<DeviceId, { name: string }>;
  oldest: ReadonlyMap<DeviceId, number>;
  kept(device: DeviceId): Kept;
}

async function rowsOf(shown: readonly CountedDay[], about: About): Promise<RecordingRow[]> {
  const rows: RecordingRow[] = [];
  for (const some of chunksOf(shown, ROWS_AT_ONCE)) {
    rows.push(...some.map((one) => rowOf(one, about)));
    await nextTurn();
  }
  return rows;
}

function rowOf({ device, day, holes, ...counted }: CountedDay, about: About): RecordingRow {
  const { textOf, places, names, oldest: oldestOf, kept: keptOf } = about;
  const [oldest, kept] = [oldestOf.get(device), keptOf(device)];
  return {
    day: textOf(day),
    device,
    name: names.get(device)?.name ?? device,
    jurisdiction: places.get(device)!,
    ...secondsOf(counted),
    holes: holes?.holes ?? 0,
    longestHoleS: Math.floor((holes?.longestMs ?? 0) / 1_000),
    cause: holes?.cause ?? null,
    oldestDay: oldest === undefined ? null : textOf(oldest),
    class: kept.class,
    leastDays: kept.leastDays,
    oldestUnpinnedDay: kept.oldestUnpinned === null ? null : textOf(kept.oldestUnpinned),
    isRemovedEarly: kept.isRemovedEarly,
    pinnedS: Math.floor((kept.pinnedMs.get(day) ?? 0) / 1_000),
  };
}

function secondsOf({ expectedMs: expected, keptMs, edgeMs }: Pick<CountedDay, 'expectedMs' | 'keptMs' | 'edgeMs'>) {
  return {
    expectedS: Math.floor(expected / 1_000),
    recordedS: Math.floor(keptMs / 1_000),
    edgeS: Math.floor(edgeMs / 1_000),
    percent: expected === 0 ? null : percentOf(keptMs, expected),
  };
}

/** Of days of cameras that are counted together, all days of one camera at once. */
class Sum {
  #cameras = 0;
  readonly #all = { expectedMs: 0, keptMs: 0, edgeMs: 0 };

  add(counted: readonly CountedDay[]): void {
    const all = this.#all;
    for (const { expectedMs: ms, keptMs, edgeMs } of counted) {
      all.expectedMs += ms;
      if (ms > 0) all.keptMs += keptMs;
      if (ms > 0) all.edgeMs += edgeMs;
    }
    this.#cameras += new Set(counted.map(({ device }) => device)).size;
  }

  get counts(): RecordingCounts {
    return { cameras: this.#cameras, ...secondsOf(this.#all) };
  }
}

function dayTexts(): (day: number) => string {
  const known = new Map<number, string>();
  return (day) => {
    if (!known.has(day)) known.set(day, chinaDayAt(startOfDay(day)));
    return known.get(day)!;
  };
}

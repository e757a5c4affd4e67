import { type Clock, DAY_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { type Area, covers, type Jurisdiction, ownArea, type Tree } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId, DeviceKind, DeviceState } from '../../core/types.ts';
import { type Database, sql } from '../../platform/database/database.ts';
import { countSeen, type DaySlots, dayOf, expectedIn, type Gap, gapsOf, slotMsOf } from './day-slots.ts';
import type { CompletenessTables, DeviceDays } from './device-days.ts';

export interface CompletenessDeps {
  database: Database;
  days: Pick<DeviceDays, 'unsaved'>;
  /** The devices of an area that are not retired. */
  expected(area: Area, kind: string | undefined): Promise<ExpectedDevice[]>;
  tree: Tree;
  kinds: { latest(kind: string): DeviceKind | undefined };
  clock: Clock;
}

/** Received against expected. A device that reports more often than its kind says has no more than was expected. */
export interface Share {
  expected: number;
  received: number;
  /** 0 to 100; null where nothing was expected. */
  percent: number | null;
}

export interface DeviceDay extends Share {
  /** Start of the day, UTC. */
  dayMs: number;
  gaps: Gap[];
}

export interface DeviceShare extends Share {
  device: DeviceId;
  kind: string;
  jurisdiction: Jurisdiction;
  /** Listed and not part of the sum. */
  maintenance: boolean;
}

export interface ListQuery {
  dayMs: number;
  kind?: string | undefined;
  jurisdiction?: Jurisdiction | undefined;
  limit: number;
  after?: string;
}

/** A device that readings are expected of. */
export interface ExpectedDevice {
  id: DeviceId;
  kind: string;
  jurisdiction: Jurisdiction;
  state: DeviceState;
  createdAtMs: number;
}

const DAYS_MAX = 31;

/** How complete the readings of devices are, by day of the devices' own clocks. */
export class Completeness {
  readonly #deps: CompletenessDeps;

  constructor(deps: CompletenessDeps) {
    this.#deps = deps;
  }

  /** The days of one device that the caller may see, oldest first; days before it was registered are left out. */
  async device(device: { id: DeviceId; kind: string; createdAtMs: number }, fromMs: number, toMs: number) {
    const [first, last] = [dayOf(fromMs), dayOf(toMs - 1)];
    if (last - first >= DAYS_MAX) {
      throw new CitywatchError('request.invalid', {
        issues: [{ path: 'to', message: `ask for ${DAYS_MAX} days at most` }],
      });
    }
    const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    const rows = await this.#deps.database
      .tables<CompletenessTables>()
      .selectFrom('device_day')
      .select(['day', 'slot_ms', 'seen'])
      .where('device', '=', device.id)
      .where('day', '>=', first)
      .where('day', '<=', last)
      .execute();
    const days = new Map<number, DaySlots>(rows.map(({ day, slot_ms: slotMs, seen }) => [day, { slotMs, seen }]));
    for (const { day, slotMs, seen } of this.#deps.days.unsaved(numbers, [device.id])) days.set(day, { slotMs, seen });
    const nothing = { slotMs: this.#slotMs(device.kind), seen: Buffer.alloc(0) };
    return numbers.flatMap((day): DeviceDay[] => {
      const span = this.#span(day, device.createdAtMs);
      if (span === null) return [];
      const slots = days.get(day) ?? nothing;
      const share = shareOf(countSeen(slots), expectedIn(slots.slotMs, span.toMs - span.fromMs));
      return [{ dayMs: day * DAY_MS, ...share, gaps: gapsOf(slots, span.fromMs, span.toMs) }];
    });
  }

  /** The devices of an area on one day, the least complete first, and all of them together. */
  async list(caller: Caller, { dayMs, kind, jurisdiction, limit, after }: ListQuery) {
    const day = dayOf(dayMs);
    if (jurisdiction !== undefined && !covers(caller, jurisdiction))
      return { items: [], next: null, sum: shareOf(0, 0) };
    const devices = await this.#deps.expected(
      jurisdiction === undefined ? ownArea(caller) : this.#deps.tree.area(jurisdiction),
      kind,
    );
    const ids = devices.map(({ id }) => id);
    const seen = await this.#seenOn(day, ids);
    const shares: DeviceShare[] = [];
    for (const { id, kind: of, jurisdiction: where, state, createdAtMs } of devices) {
      const span = this.#span(day, createdAtMs);
      if (span === null) continue;
      const { slotMs, count } = seen.get(id) ?? { slotMs: this.#slotMs(of), count: 0 };
      const share = shareOf(count, expectedIn(slotMs, span.toMs - span.fromMs));
      shares.push({ device: id, kind: of, jurisdiction: where, maintenance: state === 'maintenance', ...share });
    }
    shares.sort((a, b) => order(a) - order(b) || (a.device < b.device ? -1 : 1));
    const counted = shares.filter(({ maintenance }) => !maintenance);
    const sum = shareOf(total(counted, 'received'), total(counted, 'expected'));
    const start = after === undefined ? 0 : shares.findIndex((one) => isAfter(one, after));
    const items = start < 0 ? [] : shares.slice(start, start + limit);
    const last = start >= 0 && start + limit < shares.length ? items.at(-1) : undefined;
    return { items, next: last ? `${order(last)} ${last.device}` : null, sum };
  }

  /** How much was received of each device; counted by PostgreSQL, so that no day is moved to be counted. */
  async #seenOn(day: number, ids: DeviceId[]) {
    const rows = await this.#deps.database
      .tables<CompletenessTables>()
      .selectFrom('device_day')
      .select(['device', 'slot_ms', sql<number>`bit_count(seen)::int`.as('count')])
      .where('day', '=', day)
      .where(sql<boolean>`device = any(${ids})`)
      .execute();
    const seen = new Map(rows.map(({ device, slot_ms: slotMs, count }) => [device, { slotMs, count }]));
    for (const one of this.#deps.days.unsaved([day], ids)) {
      seen.set(one.device, { slotMs: one.slotMs, count: countSeen(one) });
    }
    return seen;
  }

  #slotMs(kind: string): number {
    return slotMsOf(this.#deps.kinds.latest(kind)?.periodS ?? 60);
  }

  /** The part of a day in which readings are expected; null where that is none of it. */
  #span(day: number, createdAtMs: number): Gap | null {
    const fromMs = Math.max(day * DAY_MS, createdAtMs);
    const toMs = Math.min((day + 1) * DAY_MS, this.#deps.clock.nowMs());
    return fromMs < toMs ? { fromMs, toMs } : null;
  }
}

function shareOf(seen: number, expected: number): Share {
  const received = Math.min(seen, expected);
  const percent = expected === 0 ? null : Math.round((received * 10_000) / expected) / 100;
  return { expected, received, percent };
}

/** What is complete, or of which nothing is expected, comes last. */
function order({ percent }: Share): number {
  return percent ?? 101;
}

function isAfter(one: DeviceShare, key: string): boolean {
  const [place = '', device = ''] = key.split(' ', 2);
  return order(one) > Number(place) || (order(one) === Number(place) && one.device > device);
}

function total(shares: Share[], what: 'received' | 'expected'): number {
  return shares.reduce((sum, share) => sum + share[what], 0);
}

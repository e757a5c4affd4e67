import { type Clock, DAY_MS, MINUTE_MS, toRfc3339 } from '../../core/clock.ts';
import {
  type Area,
  covers,
  limitedArea,
  ownArea,
  type Place,
  type PoliceTree,
  type Tree,
} from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { enqueueWork } from '../../platform/work/work.ts';
import { STAGE_QUEUE } from '../desk/queues.ts';
import { LEVELS, type Level } from '../ladder/levels.ts';
import { type Manned, UNMANNED, type UnmannedDesk } from '../route/stages/climb.ts';
import { levelOfDesk } from './desk-level.ts';
import type { DutyTables } from './tables.ts';

export interface RosterDeps {
  database: Database<'alerts'>;
  clock: Clock;
  trees: Tree & PoliceTree;
  ring(queue: string): void;
  /** Told of a look at the roster that failed; it is tried again. */
  failed(error: unknown): void;
}

/** How a desk stands: somebody is there; those on duty gave no sign for a while; nobody is on duty. */
export type DeskState = 'manned' | 'silent' | 'empty';

export interface DeskNow {
  jurisdiction: string;
  police: string | null;
  level: Level;
  state: DeskState;
  /** The shift of now; null where nobody is on duty. */
  shift: string | null;
  people: string[];
  until: string | null;
  /** When one of them last did anything here. */
  lastSignAt: string | null;
}

interface Shift extends Place {
  id: string;
  police: string | null;
  people: readonly string[];
  usernames: readonly string[];
  startsAtMs: number;
  endsAtMs: number;
}

interface Desk extends Place {
  police: string | null;
  level: number;
  area: Area;
  shifts: readonly Shift[];
}

/** Who is on duty and does nothing at all here for so long is not there: no page is open that asks by itself. */
export const SILENT_MS = 10 * MINUTE_MS;
/** A desk that had shifts lately should have one now. */
const KEPT_MS = 7 * DAY_MS;
const LOOK_MS = 10_000;
/** A roster of some hundred stations for two weeks. */
const SHIFTS_MAX = 20_000;

/**
 * Who is on duty now, from memory, and whether they are there: by what they ask of us. Has the alerts of a desk told
 * to the next level when it is left by all. A desk that never had a shift is nobody's business.
 */
export class Roster implements Manned {
  readonly #deps: RosterDeps;
  #desks: readonly Desk[] = [];
  /** When people of the roster last asked for anything, by their id; monotonic, ms: clocks are set. */
  #signs = new Map<string, number>();
  #left: ReadonlySet<string> = new Set();
  readonly #sinceMs: number;

  constructor(deps: RosterDeps) {
    this.#deps = deps;
    this.#sinceMs = deps.clock.monotonicMs();
  }

  /** Reads the shifts, at a start and after each change of them. */
  async load(): Promise<void> {
    const rows = await this.#deps.database
      .tables<DutyTables>()
      .selectFrom('duty_shift')
      .selectAll()
      .where('removed_at_ms', 'is', null)
      .where('ends_at_ms', '>', this.#deps.clock.nowMs() - KEPT_MS)
      .orderBy('starts_at_ms')
      .limit(SHIFTS_MAX)
      .execute();
    const shifts = rows.map(({ starts_at_ms: startsAtMs, ends_at_ms: endsAtMs, ...row }) => {
      const { id, jurisdiction, police, people, usernames } = row;
      return { id, jurisdiction, police, people, usernames, startsAtMs, endsAtMs };
    });
    const places = new Map(
      shifts.map(({ jurisdiction, police }) => [keyOf({ jurisdiction, police }), { jurisdiction, police }]),
    );
    this.#desks = [...places].map(([key, place]) => {
      const own = shifts.filter((shift) => keyOf(shift) === key);
      return { ...place, level: levelOfDesk(place), area: this.#areaOf(place), shifts: own };
    });
    const known = new Set(shifts.flatMap(({ people }) => people));
    this.#signs = new Map([...this.#signs].filter(([id]) => known.has(id)));
  }

  /** Looks now and then whether somebody is still there. Returns what ends that. */
  watch(): () => void {
    return this.#deps.clock.every(LOOK_MS, () => void this.look().catch(this.#deps.failed));
  }

  /** Somebody asks for something. */
  seen({ type, id }: Pick<Caller, 'type' | 'id'>): void {
    if (type !== 'person' || this.#desks.length === 0) return;
    this.#signs.set(id, this.#deps.clock.monotonicMs());
    if (this.#left.size > 0) this.#left = this.#stillLeft();
  }

  /** Has alerts of desks that were left since the last look told further up. */
  async look(): Promise<void> {
    const { database, clock, ring } = this.#deps;
    // What belongs to zones and agencies may have changed.
    this.#desks = this.#desks.map((desk) => ({ ...desk, area: this.#areaOf(desk) }));
    const left = new Set(this.unmanned().map(keyOf));
    const isNew = [...left].some((key) => !this.#left.has(key));
    if (isNew) {
      await enqueueWork(database, clock, [{ queue: STAGE_QUEUE, key: `climb ${UNMANNED} ${clock.nowMs()}` }]);
      ring(STAGE_QUEUE);
    }
    this.#left = left;
  }

  isUnmanned(alert: Place, level: number): boolean {
    const desks = this.#desks.filter((desk) => desk.level === level && covers(desk.area, alert));
    return desks.length > 0 && desks.every((desk) => this.#stateOf(desk).state !== 'manned');
  }

  unmanned(): readonly UnmannedDesk[] {
    return this.#desks.filter((desk) => this.#stateOf(desk).state !== 'manned');
  }

  /** The desks of the caller's area, in order of their codes. */
  now(caller: Caller): DeskNow[] {
    const own = this.#desks.filter((desk) => covers(ownArea(caller), desk));
    return own
      .toSorted((one, other) => keyOf(one).localeCompare(keyOf(other), 'en'))
      .map((desk) => {
        const { state, shift, signMs } = this.#stateOf(desk);
        return {
          jurisdiction: desk.jurisdiction,
          police: desk.police,
          level: LEVELS[desk.level]!,
          state,
          shift: shift?.id ?? null,
          people: [...(shift?.usernames ?? [])],
          until: shift ? toRfc3339(shift.endsAtMs) : null,
          lastSignAt: signMs === null ? null : toRfc3339(signMs),
        };
      });
  }

  /** Those of the last look that nobody has come back to: who leaves again is noticed again. */
  #stillLeft(): ReadonlySet<string> {
    const now = new Set(this.unmanned().map(keyOf));
    return new Set([...this.#left].filter((key) => now.has(key)));
  }

  #areaOf({ jurisdiction, police = null }: Place): Area {
    return limitedArea(this.#deps.trees, jurisdiction, police);
  }

  #stateOf({ shifts }: Desk): { state: DeskState; shift: Shift | null; signMs: number | null } {
    const { clock } = this.#deps;
    const [nowMs, monotonicMs] = [clock.nowMs(), clock.monotonicMs()];
    const going = shifts.filter(({ startsAtMs, endsAtMs }) => startsAtMs <= nowMs && nowMs < endsAtMs);
    const shift = going.at(-1) ?? null;
    if (shift === null) return { state: 'empty', shift, signMs: null };
    const signs = going.flatMap(({ people }) => people.flatMap((id) => this.#signs.get(id) ?? []));
    const quietMs = signs.length > 0 ? monotonicMs - Math.max(...signs) : Number.POSITIVE_INFINITY;
    // Nobody could give a sign before we were there, or before their shift began.
    const couldMs = [monotonicMs - this.#sinceMs, ...going.map(({ startsAtMs }) => nowMs - startsAtMs)];
    const state = Math.min(quietMs, ...couldMs) < SILENT_MS ? 'manned' : 'silent';
    return { state, shift, signMs: signs.length > 0 ? nowMs - quietMs : null };
  }
}

function keyOf({ jurisdiction, police }: Place): string {
  return `${jurisdiction} ${police ?? ''}`;
}

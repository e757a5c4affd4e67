import {
  areaOfZone,
  covers,
  isZone,
  type Jurisdiction,
  significantDigits,
  type Tree,
} from '../../core/jurisdiction.ts';
import { percentOf } from '../../core/percent.ts';
import type { Caller } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { PlanEntry, PlanRevision, Plans } from './plans.ts';
import { countPositions, countPositionsAt, type PositionCount } from './position-counts.ts';

/** How many of the positions that are to be there are there. */
export interface CoverageCounts {
  planned: number;
  accepted: number;
  /** Those in service, also while they are worked on. */
  inService: number;
  /** Accepted or in service. */
  covered: number;
  /** Of those planned; see `percentOf`. More than 100 where more stand than were planned. */
  percent: number | null;
}

export interface CoverageRow extends CoverageCounts {
  jurisdiction: Jurisdiction;
  kind: string | null;
}

export interface CoverageFilter {
  plan: string;
  /** The revision of this day, `2026-03-31`. */
  on: string;
  /** Positions as they stood at this moment (Unix ms); those of now where it is left out. */
  atMs?: number;
  jurisdiction?: Jurisdiction;
  /** Only entries that name this kind. */
  kind?: string;
}

export interface CoverageReport {
  revision: PlanRevision;
  /** `outside`: accepted or in service, and of no entry of the plan. */
  sum: CoverageCounts & { outside: number };
  rows: CoverageRow[];
}

export interface CoverageDeps {
  database: Database;
  plans: Pick<Plans, 'onDay'>;
  tree: Tree;
}

/** Which share of a plan stands. */
export class Coverage {
  readonly #deps: CoverageDeps;

  constructor(deps: CoverageDeps) {
    this.#deps = deps;
  }

  /** What the caller may see, in order of code and kind. Errors: as `Plans.onDay`. */
  async report(caller: Caller, { plan, on, atMs, jurisdiction, kind }: CoverageFilter): Promise<CoverageReport> {
    const { database, plans, tree } = this.#deps;
    const area = jurisdiction === undefined ? null : tree.area(jurisdiction);
    const { revision, entries } = await plans.onDay(caller, plan, on);
    const asked = { area, ...(kind !== undefined && { kind }) };
    const counts =
      atMs === undefined
        ? await countPositions(database, caller, asked)
        : await countPositionsAt(database, caller, { ...asked, atMs });
    const { rows, outside } = coverageOf(entries, counts);
    const isAsked = (row: CoverageRow): boolean =>
      covers(caller, row.jurisdiction) &&
      (area === null || covers(area, row.jurisdiction)) &&
      (kind === undefined || row.kind === kind);
    const shown = rows.filter(isAsked);
    const total = (name: 'planned' | 'accepted' | 'inService'): number =>
      shown.reduce((sum, row) => sum + row[name], 0);
    const sum = counted(total('planned'), { accepted: total('accepted'), inService: total('inService') });
    return { revision, sum: { ...sum, outside }, rows: shown };
  }
}

/**
 * Gives each position to one entry: to one of its kind if any covers its place, else to one of any kind; of those to
 * the one of the smallest area. So the rows add up, whoever asks. Costs a few look-ups for each count, however many
 * entries there are.
 */
export function coverageOf(
  entries: readonly PlanEntry[],
  counts: readonly PositionCount[],
): { rows: CoverageRow[]; outside: number } {
  const standing = new Map(entries.map((entry) => [entry, { accepted: 0, inService: 0 }]));
  const byPlace = new Map(entries.map((entry) => [keyOf(significantDigits(entry.jurisdiction), entry.kind), entry]));
  let outside = 0;
  for (const { jurisdiction, kind, state, count } of counts) {
    if (state !== 'accepted' && state !== 'in-service' && state !== 'maintenance') continue;
    const entry = entryOf(byPlace, jurisdiction, kind) ?? entryOf(byPlace, jurisdiction, null);
    if (entry) standing.get(entry)![state === 'accepted' ? 'accepted' : 'inService'] += count;
    else outside += count;
  }
  const rows = [...standing].map(([{ jurisdiction, kind, positions }, found]) => {
    return { jurisdiction, kind, ...counted(positions, found) };
  });
  return { rows: rows.sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1)), outside };
}

function counted(planned: number, { accepted, inService }: { accepted: number; inService: number }): CoverageCounts {
  const covered = accepted + inService;
  return { planned, accepted, inService, covered, percent: percentOf(covered, planned) };
}

function entryOf(byPlace: ReadonlyMap<string, PlanEntry>, code: Jurisdiction, kind: string | null) {
  // Nothing but itself lies in a zone, however another one's name begins.
  const own = isZone(code) ? byPlace.get(keyOf(code, kind)) : undefined;
  const digits = isZone(code) ? significantDigits(areaOfZone(code)) : code;
  for (let length = digits.length; own === undefined && length >= 0; length -= 1) {
    const entry = byPlace.get(keyOf(digits.slice(0, length), kind));
    if (entry) return entry;
  }
  return own;
}

function keyOf(digits: string, kind: string | null): string {
  return `${digits}/${kind ?? ''}`;
}

/** Where a row stands among the others; pages of a list go on behind it. */
export function placeOf({ jurisdiction, kind }: { jurisdiction: Jurisdiction; kind: string | null }): string {
  return keyOf(jurisdiction, kind);
}

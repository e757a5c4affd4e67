import {
  type AgencyCode,
  type Area,
  covers,
  type Jurisdiction,
  type PoliceTree,
  type Tree,
  wholeAreas,
} from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import { agencies, type PoliceAgency } from './stored.ts';

const NONE: readonly AgencyCode[] = Object.freeze([]);

/**
 * The tree of the police in memory, beside the civil one: every request of somebody who is limited to an agency asks
 * for both.
 */
export class Agencies implements Tree, PoliceTree {
  readonly #areas: Tree;
  #byCode = new Map<AgencyCode, PoliceAgency>();
  #below = new Map<AgencyCode, readonly AgencyCode[]>();
  /** Questions put so far, and the latest of those whose answer counts. */
  #asked = 0;
  #counts = 0;

  /** `areas`: the civil tree, by which somebody sees an agency. */
  constructor(areas: Tree) {
    this.#areas = areas;
  }

  /** Reads what stands in the database. Of two answers that come in the wrong order the later question counts. */
  async load(tables: Tables): Promise<void> {
    this.#asked += 1;
    const number = this.#asked;
    const all = await agencies(tables);
    if (number < this.#counts) return;
    this.#counts = number;
    this.#byCode = new Map(all.map((one) => [one.code, one]));
    const below = new Map<AgencyCode, Set<AgencyCode>>();
    for (const { code } of all) {
      for (const holder of this.#holdersOf(code)) below.set(holder, (below.get(holder) ?? new Set()).add(code));
    }
    this.#below = new Map([...below].map(([code, codes]) => [code, [...codes]]));
  }

  get(code: AgencyCode): PoliceAgency | undefined {
    return this.#byCode.get(code);
  }

  exists(code: AgencyCode): boolean {
    return this.#byCode.has(code);
  }

  area(code: Jurisdiction): Area {
    return this.#areas.area(code);
  }

  below(agency: AgencyCode): readonly AgencyCode[] {
    return this.#below.get(agency) ?? NONE;
  }

  /** Those that the caller sees, in order of code. */
  list(caller: Caller): PoliceAgency[] {
    return [...this.#byCode.values()].filter((one) => this.#isShown(caller, one));
  }

  /**
   * Whether the caller may know of it: it is of the caller's area or above it. Who is limited to an agency knows that
   * one, those below it and those above it.
   */
  isSeen(caller: Caller, code: AgencyCode): boolean {
    const found = this.#byCode.get(code);
    return found !== undefined && this.#isShown(caller, found);
  }

  #isShown(caller: Caller, { code, jurisdiction }: PoliceAgency): boolean {
    const limits = caller.police == null ? null : [...this.below(caller.police), ...this.lineOf(caller.police)];
    if (limits !== null) return limits.includes(code);
    return covers(wholeAreas(caller), jurisdiction) || covers(this.#areas.area(jurisdiction), caller.jurisdiction);
  }

  /** Those that stand above it or above what followed it: what belonged to it is theirs to see. */
  #holdersOf(code: AgencyCode): Set<AgencyCode> {
    const holders = new Set<AgencyCode>();
    const followers = new Set([code]);
    // A set hands out what is added while it is walked.
    for (const one of followers) {
      for (const above of this.lineOf(one)) holders.add(above);
      const next = this.#byCode.get(one)?.successor;
      if (next) followers.add(next);
    }
    return holders;
  }

  /** The agency and those above it. */
  lineOf(code: AgencyCode): AgencyCode[] {
    const line: AgencyCode[] = [];
    for (let one = this.#byCode.get(code); one && !line.includes(one.code); one = this.#byCode.get(one.parent ?? '')) {
      line.push(one.code);
    }
    return line;
  }
}

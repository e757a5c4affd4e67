import {
  type Area,
  areaOfZone,
  covers,
  isZone,
  type Jurisdiction,
  type Scope,
  significantDigits,
  type Tree,
  wholeAreas,
} from '../../core/jurisdiction.ts';
import { isInside, type Point } from '../../core/registry/geometry.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, sql } from '../../platform/database/database.ts';
import { writeShipped } from '../../platform/database/shipped.ts';
import type { AccessTables } from '../tables.ts';
import { JURISDICTION_SEED } from './jurisdiction-seed.ts';

/** An administrative division, or a functional zone. Days are texts like 2016-09-14; null = as far as we look. */
export interface JurisdictionInfo {
  code: Jurisdiction;
  name: { zh: string; en: string };
  parent: Jurisdiction | null;
  validFrom: string | null;
  /** Not null: abolished on that day. */
  validTo: string | null;
  /** The code that took its area over. */
  successor: Jurisdiction | null;
  /** Of a zone: what belongs to it as well, with all that lies there. */
  members: Jurisdiction[];
  /** Whether somebody has drawn where it lies. */
  hasBounds: boolean;
}

const SHIPPED = ['code', 'name_zh', 'name_en', 'parent', 'valid_from', 'valid_to', 'successor'] as const;

/** Names of zones that rules ask for. */
const ZONE_NAMES_MAX = 256;

/** Changes with every change of its row: the id of the transaction that wrote it. */
const ROW_VERSION = sql<string>`xmin::text`;

interface Drawn {
  /** {@link ROW_VERSION} of what it was read from. */
  version: string;
  ring: readonly Point[];
}

type Row = Pick<AccessTables['jurisdiction'], (typeof SHIPPED)[number]> & {
  members: string[];
  isDrawn: boolean;
  version: string;
};

/** The tree of administrative divisions, in memory: it is small and changes about once a year. */
export class Jurisdictions implements Tree {
  #byCode = new Map<Jurisdiction, JurisdictionInfo>();
  /** Of each zone all that belongs to it, through other zones as well. */
  #members = new Map<Jurisdiction, readonly Jurisdiction[]>();
  /** Of each that was drawn its corners, in WGS-84. */
  #bounds = new Map<Jurisdiction, Drawn>();
  /** By what rules call them; found again after each change. */
  readonly #zones = new Map<string, readonly (readonly Point[])[]>();

  /**
   * Writes the tree we ship into the database, then reads what stands there. A correction that we ship reaches what
   * stands as we shipped it before; what was changed here by hand stays.
   */
  async seed(database: Database): Promise<void> {
    await writeShipped(database, { name: 'jurisdiction', key: 'code', columns: SHIPPED }, JURISDICTION_SEED);
    await this.load(database);
  }

  /** Reads what stands in the database; of bounds only those of rows that are not as they were read before. */
  async load(database: Database): Promise<void> {
    const rows: Row[] = await database
      .tables<AccessTables>()
      .selectFrom('jurisdiction')
      .select([...SHIPPED, 'members', ROW_VERSION.as('version'), sql<boolean>`bounds is not null`.as('isDrawn')])
      .orderBy('code')
      .execute();
    const bounds = await this.#boundsNow(database, rows);
    this.#byCode = new Map(rows.map((row) => [row.code, shown(row)]));
    this.#bounds = bounds;
    this.#zones.clear();
    const zones = [...this.#byCode.values()].filter(({ members }) => members.length > 0);
    this.#members = new Map(zones.map(({ code }) => [code, this.#closureOf(code)]));
  }

  /** Those within the caller's own, in order of code; to which police agency somebody is limited hides none. */
  list(caller: Caller): JurisdictionInfo[] {
    const areas = wholeAreas(caller);
    return [...this.#byCode.values()].filter(({ code }) => covers(areas, code));
  }

  get(code: Jurisdiction): JurisdictionInfo | undefined {
    return this.#byCode.get(code);
  }

  /** Also true for an abolished code; see `validTo`. */
  exists(code: Jurisdiction): boolean {
    return this.#byCode.has(code);
  }

  /** Where it lies; null where nobody has drawn it. */
  boundsOf(code: Jurisdiction): readonly Point[] | null {
    return this.#bounds.get(code)?.ring ?? null;
  }

  /** Where the zones lie that are called so, or so and `-` and more; of those that are drawn and have not ended. */
  boundsOfZones(name: string): readonly (readonly Point[])[] {
    const known = this.#zones.get(name);
    if (known) return known;
    const found = [...this.#bounds].filter(([code]) => {
      const called = isZone(code) ? code.slice(code.indexOf('-') + 1) : '';
      return (called === name || called.startsWith(`${name}-`)) && this.get(code)?.validTo === null;
    });
    const rings = found.map(([, { ring }]) => ring);
    if (this.#zones.size < ZONE_NAMES_MAX) this.#zones.set(name, rings);
    return rings;
  }

  /**
   * The area around a place, of those in `scope` that are drawn and have not ended: of several the lowest in the tree,
   * of these the one with the least extent. Null where none is.
   */
  around(place: Point, scope: Scope): Jurisdiction | null {
    const found = [...this.#bounds].filter(([code, { ring }]) => {
      return this.get(code)?.validTo === null && covers(scope, code) && isInside(place, ring);
    });
    const ranked = found.map(([code, { ring }]) => ({ code, depth: this.#depthOf(code), extent: extentOf(ring) }));
    ranked.sort((a, b) => b.depth - a.depth || a.extent - b.extent || (a.code < b.code ? -1 : 1));
    return ranked[0]?.code ?? null;
  }

  get size(): number {
    return this.#byCode.size;
  }

  /** The code with all that belongs to it beside itself, through other zones as well: nothing of a division. */
  area(code: Jurisdiction): Area {
    return { code, members: this.#members.get(code) ?? [] };
  }

  /** What stands above a code that is new: of a community its township where that is there. */
  parentOf(code: Jurisdiction): JurisdictionInfo | undefined {
    if (isZone(code)) return this.get(areaOfZone(code));
    const digits = significantDigits(code);
    const lengths = [9, 6, 4, 2, 0].filter((length) => length < digits.length);
    const above = lengths.map((length) => this.get(digits.slice(0, length).padEnd(6, '0')));
    return above.find((one) => one !== undefined);
  }

  /** For each node how many there are in it and below it, of what is counted by code. */
  totals(counts: Iterable<{ jurisdiction: Jurisdiction; count: number }>): Map<Jurisdiction, number> {
    const totals = new Map<Jurisdiction, number>();
    for (const { jurisdiction, count } of counts) {
      for (const code of this.#holdersOf(jurisdiction)) totals.set(code, (totals.get(code) ?? 0) + count);
    }
    return totals;
  }

  async #boundsNow(database: Database, rows: readonly Row[]): Promise<Map<Jurisdiction, Drawn>> {
    const drawn = rows.filter(({ isDrawn }) => isDrawn);
    const kept = drawn.flatMap(({ code, version }) => {
      const before = this.#bounds.get(code);
      return before?.version === version ? [[code, before] as const] : [];
    });
    const bounds = new Map<Jurisdiction, Drawn>(kept);
    const news = drawn.filter(({ code }) => !bounds.has(code)).map(({ code }) => code);
    if (news.length === 0) return bounds;
    const some = database.tables<AccessTables>().selectFrom('jurisdiction');
    const read = await some
      .select(['code', 'bounds', ROW_VERSION.as('version')])
      .where('code', '=', sql<string>`any(${news})`)
      .execute();
    for (const { code, bounds: ring, version } of read) if (ring) bounds.set(code, { version, ring });
    return bounds;
  }

  /** How many areas it lies in; a zone stands right below the area it lies in, whatever it is called. */
  #depthOf(code: Jurisdiction): number {
    const parent = this.get(code)?.parent ?? null;
    return parent === null ? 0 : 1 + this.#depthOf(parent);
  }

  /** Every node that `code` lies in, itself among them. */
  #holdersOf(code: Jurisdiction): Set<Jurisdiction> {
    const holders = new Set<Jurisdiction>();
    for (let node = this.get(code); node && !holders.has(node.code); node = this.get(node.parent ?? '')) {
      holders.add(node.code);
    }
    for (const [zone, members] of this.#members) {
      if (covers({ code: zone, members }, code)) holders.add(zone);
    }
    return holders;
  }

  #closureOf(zone: Jurisdiction): readonly Jurisdiction[] {
    const found = new Set<Jurisdiction>();
    const add = (code: Jurisdiction): void => {
      for (const member of this.get(code)?.members ?? []) {
        if (member === zone || found.has(member)) continue;
        found.add(member);
        add(member);
      }
    };
    add(zone);
    return [...found];
  }
}

/** The area that a ring encloses, in square degrees. */
function extentOf(ring: readonly Point[]): number {
  const twice = ring.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = ring[(at + 1) % ring.length]!;
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(twice) / 2;
}

function shown(row: Row): JurisdictionInfo {
  return {
    code: row.code,
    name: { zh: row.name_zh, en: row.name_en },
    parent: row.parent,
    validFrom: row.valid_from,
    validTo: row.valid_to,
    successor: row.successor,
    members: row.members,
    hasBounds: row.isDrawn,
  };
}

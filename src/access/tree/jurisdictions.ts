import {
  type Area,
  areaOfZone,
  covers,
  isZone,
  type Jurisdiction,
  significantDigits,
  type Tree,
  wholeAreas,
} from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
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
}

type Row = AccessTables['jurisdiction'];

const SHIPPED = ['code', 'name_zh', 'name_en', 'parent', 'valid_from', 'valid_to', 'successor'] as const;

/** The tree of administrative divisions, in memory: it is small and changes about once a year. */
export class Jurisdictions implements Tree {
  #byCode = new Map<Jurisdiction, JurisdictionInfo>();
  /** Of each zone all that belongs to it, through other zones as well. */
  #members = new Map<Jurisdiction, readonly Jurisdiction[]>();

  /**
   * Writes the tree we ship into the database, then reads what stands there. A correction that we ship reaches what
   * stands as we shipped it before; what was changed here by hand stays.
   */
  async seed(database: Database): Promise<void> {
    await writeShipped(database, { name: 'jurisdiction', key: 'code', columns: SHIPPED }, JURISDICTION_SEED);
    await this.load(database);
  }

  /** Reads what stands in the database. */
  async load(database: Database): Promise<void> {
    const rows = await database.tables<AccessTables>().selectFrom('jurisdiction').selectAll().orderBy('code').execute();
    this.#byCode = new Map(rows.map((row) => [row.code, shown(row)]));
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

function shown(row: Pick<Row, (typeof SHIPPED)[number]> & { members: string[] }): JurisdictionInfo {
  return {
    code: row.code,
    name: { zh: row.name_zh, en: row.name_en },
    parent: row.parent,
    validFrom: row.valid_from,
    validTo: row.valid_to,
    successor: row.successor,
    members: row.members,
  };
}

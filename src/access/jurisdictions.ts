import { covers, type Jurisdiction } from '../core/jurisdiction.ts';
import type { Caller } from '../core/types.ts';
import { type Database, sql } from '../platform/database/database.ts';
import { JURISDICTION_SEED } from './jurisdiction-seed.ts';
import type { AccessTables } from './tables.ts';

/** An administrative division. Days are texts like 2016-09-14; null = as far as we look. */
export interface JurisdictionInfo {
  code: Jurisdiction;
  name: { zh: string; en: string };
  parent: Jurisdiction | null;
  validFrom: string | null;
  /** Not null: abolished on that day. */
  validTo: string | null;
  /** The code that took its area over. */
  successor: Jurisdiction | null;
}

/** The tree of administrative divisions, in memory: it is small and changes about once a year. */
export class Jurisdictions {
  #byCode = new Map<Jurisdiction, JurisdictionInfo>();

  /** Writes the tree we ship into the database (corrections included), then reads what stands there. */
  async seed(database: Database): Promise<void> {
    await database
      .tables<AccessTables>()
      .insertInto('jurisdiction')
      .values(JURISDICTION_SEED)
      .onConflict((conflict) =>
        conflict.column('code').doUpdateSet({
          name_zh: sql`excluded.name_zh`,
          name_en: sql`excluded.name_en`,
          parent: sql`excluded.parent`,
          valid_from: sql`excluded.valid_from`,
          valid_to: sql`excluded.valid_to`,
          successor: sql`excluded.successor`,
        }),
      )
      .execute();
    await this.load(database);
  }

  /** Reads what stands in the database. */
  async load(database: Database): Promise<void> {
    const rows = await database.tables<AccessTables>().selectFrom('jurisdiction').selectAll().orderBy('code').execute();
    this.#byCode = new Map(
      rows.map((row) => [
        row.code,
        {
          code: row.code,
          name: { zh: row.name_zh, en: row.name_en },
          parent: row.parent,
          validFrom: row.valid_from,
          validTo: row.valid_to,
          successor: row.successor,
        },
      ]),
    );
  }

  /** Those within the caller's own, in order of code. */
  list(caller: Caller): JurisdictionInfo[] {
    return [...this.#byCode.values()].filter(({ code }) => covers(caller, code));
  }

  get(code: Jurisdiction): JurisdictionInfo | undefined {
    return this.#byCode.get(code);
  }

  /** Also true for an abolished code; see `validTo`. */
  exists(code: Jurisdiction): boolean {
    return this.#byCode.has(code);
  }
}

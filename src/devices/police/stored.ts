import type { Jurisdiction } from '../../core/jurisdiction.ts';
import { type RawBuilder, sql, type Tables } from '../../platform/database/database.ts';
import type { POLICE_LEVELS } from './input.ts';

export type Level = (typeof POLICE_LEVELS)[number];

/** A police agency as it is listed. */
export interface PoliceAgency {
  code: string;
  name: string;
  level: Level;
  parent: string | null;
  jurisdiction: Jurisdiction;
  validFrom: string | null;
  /** Not null: ended on that day. */
  validTo: string | null;
  /** What its points belong to since. */
  successor: string | null;
  /** Whether somebody has drawn where the station is responsible. */
  hasBounds: boolean;
}

/** Tables of migrations 0243 and 0264; what each column means stands there. */
export interface PoliceTables {
  police_agency: Pick<PoliceAgency, 'code' | 'name' | 'level' | 'parent' | 'jurisdiction'> & {
    bounds: RawBuilder<string> | null;
  };
  police_agency_days: { code: string; valid_from: string | null; valid_to: string | null; successor: string | null };
}

/** All there are, in order of code. */
export async function agencies(tables: Tables): Promise<PoliceAgency[]> {
  return tables
    .tables<PoliceTables>()
    .selectFrom('police_agency as a')
    .leftJoin('police_agency_days as d', 'd.code', 'a.code')
    .select(['a.code', 'a.name', 'a.level', 'a.parent', 'a.jurisdiction'])
    .select(['d.valid_from as validFrom', 'd.valid_to as validTo', 'd.successor'])
    .select(sql<boolean>`a.bounds is not null`.as('hasBounds'))
    .orderBy('a.code')
    .execute();
}

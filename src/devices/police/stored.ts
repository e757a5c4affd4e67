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
  /** Whether somebody has drawn where the station is responsible. */
  hasBounds: boolean;
}

/** Table of migration 0243; what each column means stands there. */
export interface PoliceTables {
  police_agency: Omit<PoliceAgency, 'hasBounds'> & { bounds: RawBuilder<string> | null };
}

/** All there are, in order of code. */
export async function agencies(tables: Tables): Promise<PoliceAgency[]> {
  return tables
    .tables<PoliceTables>()
    .selectFrom('police_agency')
    .select(['code', 'name', 'level', 'parent', 'jurisdiction', sql<boolean>`bounds is not null`.as('hasBounds')])
    .orderBy('code')
    .execute();
}

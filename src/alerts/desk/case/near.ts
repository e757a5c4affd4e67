import type { Caller } from '../../../core/types.ts';
import { type Database, sql, withinJurisdiction } from '../../../platform/database/database.ts';
import type { DeskName } from '../../rules/classes.ts';
import { type AlertView, showAlert } from '../alert.ts';
import { forCaller } from '../log/audience.ts';
import type { AlertRow, AlertTables } from '../tables.ts';

const NEAR_MAX = 20;
/** Metres of one degree of latitude. */
const DEGREE_M = 111_320;

export interface NearAlert {
  /** Null where one of the two has no place. */
  distanceM: number | null;
  alert: AlertView;
}

export interface NearOptions {
  /** How far away, m. */
  withinM: number;
  /** Of one desk alone; of both without. */
  desk?: DeskName;
}

/**
 * Other alerts that are not closed, of the same device or near it: those of the device first, then the nearest; 20 at
 * most. Distances are those on a plane, which is right to a metre within a city. Errors: `not-found`.
 */
export async function alertsNear(
  { database, queries }: { database: Database; queries: { row(caller: Caller, id: string): Promise<AlertRow> } },
  caller: Caller,
  id: string,
  { withinM, desk }: NearOptions,
): Promise<NearAlert[]> {
  const { lat, lon, device } = await queries.row(caller, id);
  const eastM = DEGREE_M * Math.cos(((lat ?? 0) * Math.PI) / 180);
  const distance = sql<number | null>`sqrt(
    power((lat - ${lat}::float8) * ${DEGREE_M}, 2) + power((lon - ${lon}::float8) * ${eastM}::float8, 2)
  )`;
  const own = sql<boolean>`device = ${device}`;
  let query = database
    .tables<AlertTables>()
    .selectFrom('alert')
    .selectAll()
    .select(distance.as('distance'))
    .where('handling', '!=', 'closed')
    .where('id', '!=', id)
    .where(sql<boolean>`(${own} or ${distance} <= ${withinM})`)
    .where(forCaller(caller));
  if (desk) query = query.where('desk', '=', desk);
  const rows = await withinJurisdiction(query, 'jurisdiction', caller, 'police')
    .orderBy(sql`${own} desc, ${distance}, first_at_ms desc, id`)
    .limit(NEAR_MAX)
    .execute();
  return rows.map(({ distance: metres, ...row }) => ({
    distanceM: metres === null ? null : Math.round(metres),
    alert: showAlert(row),
  }));
}

import { CitywatchError } from '../../core/errors.ts';
import { isJurisdictionCode, type Jurisdiction } from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import { sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { longitudeScale, METRES_PER_DEGREE } from './nearby-cameras.ts';
import type { RegistryTables } from './tables.ts';

/** A device further than this from every other device of its district is taken for a slip of the pen. */
const FAR_KM = 50;
/** So near to 0/0 in each direction nothing of a city stands: the numbers were never filled in. */
const NOWHERE_DEGREES = 0.1;
/** Province, city and county: the digits that name a district, or the city where a device belongs to no district. */
const DISTRICT_DIGITS = 6;

export interface Placing {
  id: DeviceId;
  /** WGS-84 degrees. */
  lat: number;
  lon: number;
  jurisdiction: Jurisdiction;
  /** The caller says that the place is meant. */
  confirm: boolean;
}

/**
 * Refuses a place that looks like a mistake, unless it is confirmed: 0/0, or more than 50 km from every device of the
 * same district (those the caller may see, retired ones and those at 0/0 left out). A district without devices has no
 * far. Errors: `request.confirm`.
 */
export async function checkPlace(tx: Tables, scope: Jurisdiction, placing: Placing): Promise<void> {
  if (placing.confirm || !isJurisdictionCode(placing.jurisdiction)) return;
  if (Math.abs(placing.lat) < NOWHERE_DEGREES && Math.abs(placing.lon) < NOWHERE_DEGREES) {
    throw unlikely('lies at 0/0, where nothing of a city stands');
  }
  const district = placing.jurisdiction.slice(0, DISTRICT_DIGITS);
  const all = withinJurisdiction(others(tx, placing.id), 'jurisdiction', scope);
  const neighbours = withinJurisdiction(all, 'jurisdiction', district);
  const kmPerDegree = METRES_PER_DEGREE / 1_000;
  const distance = sql<number>`sqrt(power(lat - ${placing.lat}::float8, 2)
    + power((lon - ${placing.lon}::float8) * ${longitudeScale(placing.lat)}::float8, 2)) * ${kmPerDegree}::float8`;
  // One statement sees one state: between two, the first device of a district could be taken for far from the second.
  const { rows } = await sql<{ some: boolean; near: boolean }>`
    select exists (${neighbours}) as some, exists (${neighbours.where(distance, '<=', FAR_KM)}) as near`.execute(
    tx.tables(),
  );
  if (!rows[0]?.some || rows[0].near) return;
  throw unlikely(`lies more than ${FAR_KM} km from every device of ${district}`);
}

function others(tx: Tables, id: DeviceId) {
  return tx
    .tables<RegistryTables>()
    .selectFrom('position')
    .select('id')
    .where('id', '!=', id)
    .where('state', '!=', 'retired')
    .where(sql<boolean>`(abs(lat) >= ${NOWHERE_DEGREES}::float8 or abs(lon) >= ${NOWHERE_DEGREES}::float8)`);
}

function unlikely(what: string): CitywatchError {
  const message = `${what}; mend it, or send the request again with "confirm": true if it is meant`;
  return new CitywatchError('request.confirm', { issues: [{ path: 'location', message }] });
}

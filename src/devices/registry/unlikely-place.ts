import { CitywatchError } from '../../core/errors.ts';
import {
  type Area,
  codeAlone,
  districtOf,
  type Jurisdiction,
  namesOfScope,
  type Scope,
} from '../../core/jurisdiction.ts';
import type { DeviceId } from '../../core/types.ts';
import { type RawBuilder, sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { longitudeScale, METRES_PER_DEGREE } from './nearby-cameras.ts';
import type { RegistryTables } from './tables.ts';

/** A device further than this from every other device of its district is taken for a slip of the pen. */
const FAR_KM = 50;
/** So near to 0/0 in each direction nothing of a city stands: the numbers were never filled in. */
const NOWHERE_DEGREES = 0.1;
/** Devices of the district that are asked before all: PostgreSQL may read the whole table to find any. */
const KNOWN_ASKED = 16;

export interface Placing {
  /** What the caller may see. */
  scope: Scope;
  id: DeviceId;
  /** WGS-84 degrees. */
  lat: number;
  lon: number;
  jurisdiction: Jurisdiction;
  /** The caller says that the place is meant. */
  confirm: boolean;
}

/** Some devices of an area, from memory. */
export interface KnownDevices {
  within(area: Area): Iterable<{ id: DeviceId }>;
}

/** As {@link unlikelyPlaces} for one device. Errors: `request.confirm`. */
export async function checkPlace(tx: Tables, known: KnownDevices, placing: Placing): Promise<void> {
  const [refusal] = await unlikelyPlaces(tx, known, [placing]);
  if (refusal) throw refusal;
}

/**
 * For each place that looks like a mistake and is not confirmed why it is refused (`request.confirm`), else null: 0/0,
 * or more than 50 km from every device of the same district (those the caller may see, retired ones and those at 0/0
 * left out). A district without devices has no far. Devices that come together do not count for each other. Those
 * that are `known` are asked first, and may be out of date.
 */
export async function unlikelyPlaces(
  tx: Tables,
  known: KnownDevices,
  placings: readonly Placing[],
): Promise<(CitywatchError | null)[]> {
  const refusals = new Map<Placing, CitywatchError>();
  const areas = new Map<string, Placing[]>();
  for (const placing of placings) {
    if (placing.confirm) continue;
    if (isNowhere(placing)) {
      refusals.set(placing, unlikely('lies at 0/0, where nothing of a city stands'));
    } else {
      const area = `${namesOfScope(placing.scope).join()} ${districtOf(placing.jurisdiction)}`;
      areas.set(area, [...(areas.get(area) ?? []), placing]);
    }
  }
  for (const area of areas.values()) {
    for (const placing of await farOff(tx, known, area)) {
      refusals.set(
        placing,
        unlikely(`lies more than ${FAR_KM} km from every device of ${districtOf(placing.jurisdiction)}`),
      );
    }
  }
  return placings.map((placing) => refusals.get(placing) ?? null);
}

function isNowhere({ lat, lon }: Placing): boolean {
  return Math.abs(lat) < NOWHERE_DEGREES && Math.abs(lon) < NOWHERE_DEGREES;
}

/** Those that are far from every device of their district. `area` is of one scope and one district. */
async function farOff(tx: Tables, known: KnownDevices, area: readonly Placing[]): Promise<Placing[]> {
  const first = area[0]!;
  const ids: DeviceId[] = [];
  for (const { id } of known.within(codeAlone(districtOf(first.jurisdiction)))) if (ids.push(id) === KNOWN_ASKED) break;
  const all = withinJurisdiction(others(tx), 'jurisdiction', first.scope, 'police');
  const neighbours = withinJurisdiction(all, 'jurisdiction', codeAlone(districtOf(first.jurisdiction)));
  // Nearly always one of a few is near. Where it is not, or none is known, the whole district is looked at.
  const near = await answers(tx, area, isNear(neighbours.where(sql<boolean>`position.id = any(${ids}::text[])`)));
  const doubtful = area.filter((_, index) => !near[index]);
  // One condition in one statement sees one state: between two, the first device of a district could be taken for far
  // from the second.
  const far = await answers(tx, doubtful, sql<boolean>`exists (${neighbours}) and not ${isNear(neighbours)}`);
  return doubtful.filter((_, index) => far[index]);
}

/** Whether `condition` holds for each placing, which it calls `spot`. */
async function answers(tx: Tables, area: readonly Placing[], condition: RawBuilder<boolean>): Promise<boolean[]> {
  if (area.length === 0) return [];
  const { rows } = await sql<{ holds: boolean }>`
    select ${condition} as holds
    from unnest(${area.map(({ id }) => id)}::text[], ${area.map(({ lat }) => lat)}::float8[],
                ${area.map(({ lon }) => lon)}::float8[], ${area.map(({ lat }) => longitudeScale(lat))}::float8[])
      with ordinality as spot (id, lat, lon, lon_scale, number)
    order by spot.number`.execute(tx.tables());
  return rows.map(({ holds }) => holds);
}

function isNear(neighbours: ReturnType<typeof others>): RawBuilder<boolean> {
  const kmPerDegree = METRES_PER_DEGREE / 1_000;
  const distance = sql<number>`sqrt(power(position.lat - spot.lat, 2)
    + power((position.lon - spot.lon) * spot.lon_scale, 2)) * ${kmPerDegree}::float8`;
  return sql<boolean>`exists (${neighbours.where(distance, '<=', FAR_KM)})`;
}

/** Every device but the one that is being placed. */
function others(tx: Tables) {
  return tx
    .tables<RegistryTables>()
    .selectFrom('position')
    .select('id')
    .where(sql<boolean>`position.id <> spot.id`)
    .where('state', '!=', 'retired')
    .where(sql<boolean>`(abs(position.lat) >= ${NOWHERE_DEGREES}::float8
      or abs(position.lon) >= ${NOWHERE_DEGREES}::float8)`);
}

function unlikely(what: string): CitywatchError {
  const message = `${what}; mend it, or send the request again with "confirm": true if it is meant`;
  return new CitywatchError('request.confirm', { issues: [{ path: 'location', message }] });
}

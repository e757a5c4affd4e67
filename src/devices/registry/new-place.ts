import type { Location } from '../../core/types.ts';
import { storedLocation } from './checks.ts';
import type { DevicePatch } from './input.ts';
import type { RegistryTables } from './tables.ts';

type Position = RegistryTables['position'];

/** Null where the location stays. One that comes back as it was read is WGS-84 already, whatever datum it says. */
export function newLocation({ location }: DevicePatch, current: Position): Location | null {
  const same = location?.lat === current.lat && location.lon === current.lon && location.datum === current.datum;
  return location && !same ? storedLocation(location) : null;
}

/** Null where the device stays at its place and in its district. */
export function newPlace(patch: DevicePatch, current: Position): Pick<Position, 'lat' | 'lon' | 'jurisdiction'> | null {
  const location = newLocation(patch, current);
  const jurisdiction = patch.jurisdiction ?? current.jurisdiction;
  if (!location && jurisdiction === current.jurisdiction) return null;
  return { lat: location?.lat ?? current.lat, lon: location?.lon ?? current.lon, jurisdiction };
}

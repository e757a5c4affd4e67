import type { Location } from '../../core/types.ts';
import type { RawBuilder } from '../../platform/database/database.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { fileColumns } from '../file/file.ts';
import { storedLocation } from './checks.ts';
import { connectionColumns } from './connections.ts';
import type { DevicePatch } from './input.ts';
import type { RegistryTables } from './tables.ts';

type Position = RegistryTables['position'];

/** New values of columns of a position. */
export type Change = { [Column in keyof Position]?: Position[Column] | RawBuilder<Position[Column]> };

/** What a change says of the position alone: its links to parent and cameras are not among it. */
export function changedColumns(vault: Vault, patch: DevicePatch, current: Position): Change {
  const change: Change = connectionColumns(vault, current.id, patch);
  // Whoever types a login knows better than a change of it that goes on.
  if (patch.onvif !== undefined) change.login_held_ms = null;
  if (patch.name !== undefined) change.name = patch.name;
  if (patch.jurisdiction !== undefined) change.jurisdiction = patch.jurisdiction;
  if (patch.purpose !== undefined) change.purpose = patch.purpose;
  if (patch.accessClass !== undefined) change.access_class = patch.accessClass;
  return { ...change, ...newLocation(patch, current), ...fileColumns(patch.file ?? {}) };
}

/** Null where the location stays. One that comes back as it was read is WGS-84 already, whatever datum it says. */
function newLocation({ location }: DevicePatch, current: Position): Location | null {
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

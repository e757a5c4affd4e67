import type { RawBuilder } from '../../platform/database/database.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { connectionColumns } from './connections.ts';
import { fileColumns } from './file.ts';
import type { DevicePatch } from './input.ts';
import { newLocation } from './new-place.ts';
import type { RegistryTables } from './tables.ts';

type Position = RegistryTables['position'];

/** New values of columns of a position. */
export type Change = { [Column in keyof Position]?: Position[Column] | RawBuilder<Position[Column]> };

/** What a change says of the position alone: its links to parent and cameras are not among it. */
export function changedColumns(vault: Vault, patch: DevicePatch, current: Position): Change {
  const change: Change = connectionColumns(vault, current.id, patch);
  if (patch.name !== undefined) change.name = patch.name;
  if (patch.jurisdiction !== undefined) change.jurisdiction = patch.jurisdiction;
  if (patch.purpose !== undefined) change.purpose = patch.purpose;
  if (patch.accessClass !== undefined) change.access_class = patch.accessClass;
  return { ...change, ...newLocation(patch, current), ...fileColumns(patch.file ?? {}) };
}

import { CitywatchError } from '../../core/errors.ts';
import { ACCESS_CLASSES, type AccessClass } from '../../core/registry/position-file.ts';
import type { Caller } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import type { DevicePatch } from '../registry/input.ts';
import type { RegistryTables } from '../registry/tables.ts';
import { checkPlaceType } from './place-types.ts';

type Position = RegistryTables['position'];

/** Who could open the pictures of children to everybody could look at them without an incident. */
export interface FileRights {
  may(caller: Caller, right: 'registry.open-pictures'): boolean;
}

/**
 * Whether the file of a position may become what a change makes of it. Also a move asks: what stands in a room where
 * nothing may stand goes nowhere but down. Errors: `request.invalid` for a forbidden place, `auth.forbidden` for a
 * freer access class, `conflict.exists` for a GB/T 28181 id of another position.
 */
export async function checkFileChange(
  tx: Tables,
  caller: Caller,
  { patch, current, rights }: { patch: DevicePatch; current: Position; rights: FileRights },
): Promise<void> {
  const { file = {}, accessClass = current.access_class } = patch;
  checkPlaceType(file.placeType === undefined ? current.place_type : file.placeType);
  if (isFreer(current.access_class, accessClass) && !rights.may(caller, 'registry.open-pictures')) {
    const detail = `Changing accessClass from ${current.access_class} to ${accessClass} is left to administrators.`;
    throw new CitywatchError('auth.forbidden', { detail });
  }
  if (file.gbId == null || file.gbId === current.gb_id) return;
  const holder = tx.tables<RegistryTables>().selectFrom('position').select('id').where('gb_id', '=', file.gbId);
  if (await holder.where('state', '!=', 'retired').executeTakeFirst()) throw gbIdIsTaken();
}

function isFreer(before: AccessClass, after: AccessClass): boolean {
  return ACCESS_CLASSES.indexOf(after) < ACCESS_CLASSES.indexOf(before);
}

/** Which position has it is not said: it may lie beyond the caller's jurisdiction. */
export function gbIdIsTaken(): CitywatchError {
  const message = 'is the id of another position that is in use; see GET /api/v1/devices?gbId=';
  return new CitywatchError('conflict.exists', {
    detail: 'A GB/T 28181 id names one position.',
    issues: [{ path: 'file.gbId', message }],
  });
}

import type { DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { knownUnit } from '../cameras/units.ts';
import type { Connections } from '../registry/connections.ts';
import type { RegistryTables } from '../registry/tables.ts';
import type { CameraTarget } from './camera-check.ts';

/** How a registered camera is reached, passwords in clear, and which unit hangs there. */
export async function cameraTarget(
  { connections, database }: { connections: Pick<Connections, 'onvifAccess' | 'videoOf'>; database: Database },
  id: DeviceId,
): Promise<CameraTarget> {
  const [onvif, video, known] = await Promise.all([
    connections.onvifAccess(id),
    connections.videoOf(id),
    knownUnit(database, id),
  ]);
  const stream = video && { device: id, url: video.url, username: video.username, password: video.password };
  return { onvif, stream, known };
}

/** Whether the pictures of a position are of minors. */
export async function isOfMinors(database: Database, id: DeviceId): Promise<boolean> {
  const position = database.tables<RegistryTables>().selectFrom('position').select('access_class');
  return (await position.where('id', '=', id).executeTakeFirst())?.access_class === 'minors';
}

/** The firmware that is registered of a position's unit; null where none is. */
export async function registeredFirmware(database: Database, id: DeviceId): Promise<string | null> {
  const row = await database
    .tables<RegistryTables>()
    .selectFrom('assignment')
    .innerJoin('unit', 'unit.id', 'assignment.unit_id')
    .select('unit.firmware')
    .where('assignment.position_id', '=', id)
    .where('assignment.to_ms', 'is', null)
    .executeTakeFirst();
  return row?.firmware ?? null;
}

import type { DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { knownUnit } from '../cameras/units.ts';
import type { Connections } from '../registry/connections.ts';
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
  const stream = video && { url: video.url, username: video.username, password: video.password };
  return { onvif, stream, known };
}

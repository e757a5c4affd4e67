import type { DeviceId } from '../../core/types.ts';
import { bareVideo } from '../fmp4/annex-b.ts';
import type { CameraPool } from '../pool/camera-pool.ts';
import type { CodedPicture } from './first-picture.ts';

/**
 * The newest key frame of a camera that has no connection left beside those it is pulled by; null where it has one, or
 * where none of them has shown a whole picture yet: then a look takes a connection of its own.
 */
export function pulledPicture(
  pool: Pick<CameraPool, 'pulls'>,
  device: DeviceId,
  connectionsMax: number,
): CodedPicture | null {
  const pulls = [...pool.pulls()].filter(({ target }) => target.deviceId === device);
  if (pulls.length < connectionsMax) return null;
  const full = pulls.find(({ target }) => target.quality === 'main') ?? pulls[0];
  const key = full?.signs().state === 'live' ? full.window.newestKey() : null;
  if (!key) return null;
  const { format, data, wholeAtFirst } = bareVideo(key.epoch.init, [key.fragment], { picturesMax: 1 });
  return wholeAtFirst ? { format, data, skip: 0 } : null;
}

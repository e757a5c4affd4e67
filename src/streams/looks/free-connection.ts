import type { Clock } from '../../core/clock.ts';
import type { DeviceId } from '../../core/types.ts';
import type { CameraPool } from '../pool/camera-pool.ts';

export interface FreeConnectionDeps {
  clock: Pick<Clock, 'sleep'>;
  pool: Pick<CameraPool, 'pulls'>;
}

const LOOK_MS = 250;

/**
 * Waits until a camera, of which `connectionsMax` connections are allowed, has one left beside those that it is pulled
 * by. False where there was none until `signal` was aborted. Who waits for its next try has no connection.
 */
export async function freeConnection(
  { clock, pool }: FreeConnectionDeps,
  { device, connectionsMax }: { device: DeviceId; connectionsMax: number },
  signal: AbortSignal,
): Promise<boolean> {
  const isFree = (): boolean => {
    const pulls = [...pool.pulls()].filter(({ target }) => target.deviceId === device);
    return pulls.filter((pull) => pull.signs().state !== 'backoff').length < connectionsMax;
  };
  while (!isFree()) {
    if (signal.aborted) return false;
    await clock.sleep(LOOK_MS, signal);
  }
  return true;
}

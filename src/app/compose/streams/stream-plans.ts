import type { DeviceId } from '../../../core/types.ts';
import { AlwaysOn } from '../../../streams/pool/always-on.ts';
import type { CameraPool } from '../../../streams/pool/camera-pool.ts';
import { StreamPlans } from '../../../streams/pool/stream-plans.ts';
import type { Ground } from '../ground/ground.ts';

/** How the streams of cameras are kept, and what keeps them on. */
export async function openStreamPlans(ground: Ground, isCamera: (id: DeviceId) => boolean) {
  const { clock, observer, lifecycle } = ground;
  const plans = new StreamPlans(ground);
  await plans.load();
  return {
    plans,
    start(pool: CameraPool): void {
      const wanted = () => plans.alwaysOn().filter(isCamera);
      const alwaysOn = new AlwaysOn({ clock, observer, pool, wanted });
      alwaysOn.start();
      lifecycle.onStop('cameras that are always on', () => alwaysOn.stop());
    },
  };
}

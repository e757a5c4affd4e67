import { pino } from 'pino';
import { type CameraOptions, VirtualCamera } from '../../simulators/camera/camera.ts';
import { Studio } from '../../simulators/camera/studio.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Registry } from '../../src/core/observe.ts';
import type { OnvifPorts } from '../../src/devices/onvif/inspect.ts';
import { Outbound } from '../../src/platform/outbound.ts';

/** Virtual cameras for a test live on addresses of this range. */
export const CAMERA_NETWORK = '127.64.0.0/16';

interface Test {
  teardown(run: () => unknown): void;
}

export interface CameraRig {
  studio: Studio;
  start(options: Partial<CameraOptions> & { address: string }): Promise<VirtualCamera>;
}

/** Cameras that are gone when the test is over. Plain pictures unless told: they cost no encoder. */
export async function startCameras(t: Test, { plain = true } = {}): Promise<CameraRig> {
  const studio = await Studio.open({ plain });
  const cameras: VirtualCamera[] = [];
  t.teardown(async () => {
    await Promise.all(cameras.map((camera) => camera.stop()));
    await studio.close();
  });
  const start: CameraRig['start'] = async (options) => {
    const defaults = { id: `cam-${cameras.length + 1}`, name: 'Tianyi Square', password: 'Right&proper"1' };
    const camera = await VirtualCamera.start(studio, { ...defaults, ...options });
    cameras.push(camera);
    return camera;
  };
  return { studio, start };
}

/** The real way out, as the ONVIF adapter is given it. */
export function onvifPorts(t: Test, networks: readonly string[] = [CAMERA_NETWORK]): OnvifPorts {
  const observer = { log: pino({ level: 'silent' }), metrics: new Registry() };
  const outbound = new Outbound({ clock: systemClock, observer });
  t.teardown(() => outbound.close());
  return { outbound, networks, clock: systemClock };
}

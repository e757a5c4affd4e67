import { pino } from 'pino';
import { type CameraOptions, VirtualCamera } from '../../../simulators/camera/camera.ts';
import { Studio } from '../../../simulators/camera/video/studio.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { Registry } from '../../../src/core/observe.ts';
import type { InspectionOptions } from '../../../src/devices/onvif/inspect.ts';
import { Outbound } from '../../../src/platform/outbound/outbound.ts';
import { TcpOutbound } from '../../../src/platform/outbound/tcp.ts';

/** Virtual cameras for a test live on addresses of this range. */
export const CAMERA_NETWORK = '127.64.0.0/16';

interface Test {
  teardown(run: () => unknown): void;
}

export interface CameraRig {
  studio: Studio;
  start(options: Partial<CameraOptions> & { address: string }): Promise<VirtualCamera>;
}

/**
 * Cameras that are gone when the test is over. Plain pictures unless told: they cost no encoder, and have a key frame
 * every half second, which nobody waits for long.
 */
export async function startCameras(t: Test, { plain = true } = {}): Promise<CameraRig> {
  const studio = await Studio.open({ plain, keyEvery: 5 });
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
export function onvifPorts(t: Test, networks: readonly string[] = [CAMERA_NETWORK]): InspectionOptions {
  const observer = { log: pino({ level: 'silent' }), metrics: new Registry() };
  const outbound = new Outbound({ clock: systemClock, observer });
  t.teardown(() => outbound.close());
  const tcp = new TcpOutbound({ clock: systemClock });
  const reach: InspectionOptions['reach'] = async (place, signal) => {
    const target = { ...place, networks, setting: 'CITYWATCH_CAMERA_NETWORKS', deadlineMs: 3_000, signal };
    (await tcp.connect(target)).destroy();
  };
  return { outbound, networks, clock: systemClock, reach };
}

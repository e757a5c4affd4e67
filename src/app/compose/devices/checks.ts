import { messageOf } from '../../../core/errors.ts';
import { CameraAddresses } from '../../../devices/cameras/addresses.ts';
import { cameraTarget } from '../../../devices/checks/camera-targets.ts';
import { CHECK_PLACES, CheckPlaces } from '../../../devices/checks/check-places.ts';
import { Checks } from '../../../devices/checks/checks.ts';
import type { Ground } from '../ground/ground.ts';
import type { Streams } from '../streams/streams.ts';
import type { Devices } from './devices.ts';

/** Builds what checks devices step by step. */
export function composeChecks(ground: Ground, { kinds, connections }: Devices, streams: Streams): { checks: Checks } {
  const { config, clock, database, observer, outbound, register } = ground;
  const networks = config.networks.cameras;
  const log = observer.log.child({ part: 'checks' });
  const checks = new Checks({
    clock,
    database,
    ports: {
      onvif: { outbound, networks, clock },
      connect: streams.probe,
      video: streams.looks,
      unexpected: (error) => log.error({ error: messageOf(error) }, 'a step of a check failed unexpectedly'),
    },
    places: new CheckPlaces(CHECK_PLACES),
    target: (id) => cameraTarget({ connections, database }, id),
    hasVideo: (kind) => kinds.latest(kind)?.stream === true,
    addresses: new CameraAddresses(networks),
    orders: null,
    register,
  });
  return { checks };
}

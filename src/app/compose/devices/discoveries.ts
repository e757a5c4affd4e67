import { systemRandom } from '../../../core/random.ts';
import { CheckPlaces } from '../../../devices/checks/check-places.ts';
import { DISCOVERY_QUEUE, Discoveries } from '../../../devices/discovery/discoveries.ts';
import { UdpOutbound } from '../../../platform/outbound/udp.ts';
import type { Ground } from '../ground/ground.ts';

/** A second one may listen while the first sweeps. */
const AT_ONCE = 2;
/** Devices asked at once: in all, and in one subnet, whose link bears checks and video as well. */
const PLACES = { total: 32, perSubnet: 8, kept: 0 };

/** What looks for cameras on the network, and its worker. */
export function composeDiscoveries(ground: Ground): Discoveries {
  const { config, database, clock, work, doorbell } = ground;
  const networks = config.networks.cameras;
  const discoveries = new Discoveries({
    database,
    clock,
    random: systemRandom,
    udp: new UdpOutbound({ networks, setting: 'CITYWATCH_CAMERA_NETWORKS' }),
    onvif: ground.cameras.machines,
    places: { heard: new CheckPlaces(PLACES), swept: new CheckPlaces(PLACES) },
    ring: (queue) => doorbell.ring(queue),
  });
  work.handle(DISCOVERY_QUEUE, (id, signal) => discoveries.handle(id, signal), { atOnce: AT_ONCE });
  return discoveries;
}

import { PTZ_HOME_QUEUE, Ptz } from '../../../devices/ptz/ptz.ts';
import type { Ground } from '../ground/ground.ts';
import type { Devices } from './devices.ts';

/** Cameras that return to their homes at once after a quiet night are few; each takes a second. */
const AT_ONCE = 16;

/** What moves cameras, and what brings them home. */
export function composePtz(ground: Ground, { authority, connections, register }: Devices): Ptz {
  const { database, clock, observer, work, lifecycle } = ground;
  const ptz = new Ptz({
    database,
    clock,
    log: observer.log.child({ part: 'ptz' }),
    register,
    onvif: ground.cameras.people,
    access: (id) => connections.onvifAccess(id),
    rank: (caller) => (authority.may(caller, 'ptz.first') ? 3 : authority.may(caller, 'ptz.ahead') ? 2 : 1),
  });
  work.handle(PTZ_HOME_QUEUE, (id) => ptz.handle(id), { atOnce: AT_ONCE });
  lifecycle.onStop('moving cameras', () => ptz.close());
  return ptz;
}

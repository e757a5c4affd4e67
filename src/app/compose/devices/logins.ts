import type { CheckPlaces } from '../../../devices/checks/check-places.ts';
import type { SecretChanges } from '../../../devices/doors/secret-changes.ts';
import { CameraDoors } from '../../../devices/logins/camera-doors.ts';
import { KeptLogins } from '../../../devices/logins/kept.ts';
import { LoginReveal } from '../../../devices/logins/reveal.ts';
import { LoginRotations, ROTATIONS_QUEUE } from '../../../devices/logins/rotations.ts';
import { RotationRun } from '../../../devices/logins/run.ts';
import { RegisteredSharing } from '../../../devices/logins/shared.ts';
import { RotationWorker } from '../../../devices/logins/worker.ts';
import type { Orders } from '../../../devices/orders/orders.ts';
import type { Ground } from '../ground/ground.ts';
import type { Streams } from '../streams/streams.ts';
import type { Devices } from './devices.ts';

export interface LoginPartsNeeded {
  devices: Devices;
  streams: Streams;
  orders: Orders;
  places: CheckPlaces;
  secretChanges: SecretChanges;
}

/** Rotations that go on at the same time; those of one subnet share its places with checks. */
const AT_ONCE = 24;

/** Builds what changes, keeps and shows the logins of cameras. */
export function composeLogins(ground: Ground, { devices, streams, orders, places, secretChanges }: LoginPartsNeeded) {
  const { clock, database, observer, vault, ownership } = ground;
  const { kinds, directory, connections } = devices;
  const doors = new CameraDoors({
    onvif: ground.cameras.people,
    video: streams.looks.login,
  });
  const keeping = { database, kinds, directory, clock, observer, vault, ownership, doors };
  const rotations = new LoginRotations({
    database,
    clock,
    vault,
    shared: new RegisteredSharing(vault),
    isOther: (id) => streams.units.foreign(id) !== null,
    ring: (queue) => ground.doorbell.ring(queue),
  });
  const run = new RotationRun(keeping);
  const worker = new RotationWorker({ database, clock, run, rotations, places, secrets: secretChanges });
  ground.work.handle(ROTATIONS_QUEUE, (id, signal) => worker.handle(id, signal), { atOnce: AT_ONCE });
  return {
    worker,
    loginParts: {
      logins: rotations,
      secretChanges,
      keptLogins: new KeptLogins(keeping),
      loginReveal: new LoginReveal({ database, clock, connections, isOpen: (order, id) => orders.isOpen(order, id) }),
    },
  };
}

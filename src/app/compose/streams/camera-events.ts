import type { Clock } from '../../../core/clock.ts';
import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../../core/observe.ts';
import type { DeviceId } from '../../../core/types.ts';
import { CameraChanges } from '../../../devices/cameras/changes.ts';
import { CameraEvents } from '../../../devices/cameras/events.ts';
import type { CameraUnits } from '../../../devices/cameras/units.ts';
import type { Kinds } from '../../../devices/kinds/kinds.ts';
import { ChannelEvents, type EventSides } from '../../../devices/recorders/channel-events.ts';
import type { DirectoryEntry } from '../../../devices/registry/directory.ts';
import type { OnvifEvents } from '../../../ingest/uplinks/onvif/camera-events.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { Ownership } from '../../../platform/database/ownership.ts';
import type { Vault } from '../../../platform/secrets/vault.ts';

import type { Ground } from '../ground/ground.ts';
import type { CameraHealth } from './video.ts';

export interface CameraEventParts {
  database: Database;
  ownership: Ownership;
  clock: Clock;
  observer: Observer;
  cameras: Ground['cameras'];
  vault: Vault;
  kinds: Kinds;
  /** Takes what cameras notice. */
  uplink: Pick<OnvifEvents, 'take'>;
  doorbell: { ring(queue: string): void };
  units: Pick<CameraUnits, 'admit' | 'lost' | 'withheld'>;
  health: Pick<CameraHealth, 'asked'>;
  /** File that remembers over a restart what was going on at cameras. */
  path: string;
}

/** Leads what cameras notice from the device layer into the journal, and changed cameras to those who ask them. */
export function composeCameraEvents(parts: CameraEventParts) {
  const { database, ownership, clock, observer, vault, kinds, uplink, path } = parts;
  const hasVideo = (kind: string): boolean => kinds.latest(kind)?.stream === true;
  const onvif = parts.cameras.machines;
  const { units } = parts;
  const sides: EventSides = {
    store: (id, events) => uplink.take(id, events),
    admit: (id) => units.admit(id),
    lost: (id) => units.lost(id),
    asked: (id, problem) => parts.health.asked(id, problem),
  };
  const withheld = (id: DeviceId): string | null => units.withheld(id);
  const recorders = new ChannelEvents({ database, clock, observer, onvif, sides, withheld });
  const deps = { database, clock, observer, vault, onvif, hasVideo, sides, recorders };
  const events = new CameraEvents(deps, { path });
  const ring = (queue: string): void => parts.doorbell.ring(queue);
  const changes = new CameraChanges({ database, ownership, clock, observer, hasVideo, events, ring });
  return {
    /** How the events of a recorder come. */
    ofRecorder: (id: DeviceId) => recorders.status(id),
    /** A device of the registry was changed. */
    changed: (entry: DirectoryEntry): void => changes.changed(entry),
    start: (lifecycle: Lifecycle): void => {
      events.start();
      lifecycle.onStop('camera events', () => events.stop());
    },
  };
}

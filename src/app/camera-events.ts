import type { Clock } from '../core/clock.ts';
import type { Observer } from '../core/observe.ts';
import { CameraEvents } from '../devices/camera-events.ts';
import type { Kinds } from '../devices/kinds.ts';
import type { Vault } from '../devices/vault.ts';
import { OnvifEvents, type OnvifEventsDeps } from '../ingest/uplinks/onvif-events.ts';
import type { Database } from '../platform/database.ts';
import type { Outbound } from '../platform/outbound.ts';

export interface CameraEventParts {
  database: Database;
  clock: Clock;
  observer: Observer;
  outbound: Outbound;
  vault: Vault;
  kinds: Kinds;
  identity: OnvifEventsDeps['identity'];
  accept: OnvifEventsDeps['accept'];
  cameraNetworks: string[];
  /** File that remembers over a restart what was going on at cameras. */
  path: string;
}

/** Leads what cameras notice from the device layer into the journal. Starts nothing. */
export function composeCameraEvents(parts: CameraEventParts): CameraEvents {
  const { database, clock, observer, outbound, vault, kinds, identity, accept, path } = parts;
  const uplink = new OnvifEvents({ accept, identity, clock, observer });
  return new CameraEvents(
    {
      ...{ database, clock, observer, vault },
      onvif: { outbound, networks: parts.cameraNetworks, clock },
      hasVideo: (kind) => kinds.latest(kind)?.stream === true,
      store: (id, events) => uplink.take(id, events),
    },
    { path },
  );
}

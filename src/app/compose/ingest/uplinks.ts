import type { Clock } from '../../../core/clock.ts';
import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../../core/observe.ts';
import type { DeviceId } from '../../../core/types.ts';
import type { Doors } from '../../../devices/doors/doors.ts';
import type { Kinds } from '../../../devices/kinds/kinds.ts';
import type { CrashGuard } from '../../../ingest/poison/crash-guard.ts';
import { Preview } from '../../../ingest/poison/preview.ts';
import type { HeldLease, Intake } from '../../../ingest/uplinks/common/intake.ts';
import { RateBudget } from '../../../ingest/uplinks/common/rate-budget.ts';
import { HttpUplink } from '../../../ingest/uplinks/http/uplink.ts';
import { OnvifEvents } from '../../../ingest/uplinks/onvif/camera-events.ts';
import type { UplinkDeps } from '../../../ingest/uplinks/uplink.ts';
import { openUplinks, UPLINKS, uplinkOf } from '../../../ingest/uplinks/uplinks.ts';
import type { TlsMaterial } from '../../../platform/secrets/certificates.ts';
import type { TlsFiles } from '../../../platform/secrets/tls-files.ts';
import type { Config } from '../../config/config.ts';
import type { Downlink } from './downlink.ts';

export interface UplinkParts {
  config: Config;
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
  intake: Intake;
  kinds: Kinds;
  doors: Doors;
  tls: TlsFiles;
  guard: CrashGuard;
  lease: HeldLease;
  downlink: Pick<Downlink, 'sender'>;
  /** Told how the connections of devices are. */
  connected: UplinkDeps['connected'];
}

/** Opens every uplink that the settings ask for, and gives commands their ways down. `start` lets devices in. */
export function composeUplinks(parts: UplinkParts) {
  const { config, clock, observer, lifecycle, intake, kinds, guard } = parts;
  const { sender } = parts.downlink;
  const preview = new Preview({ kinds, guard });
  const opened = openUplinks(UPLINKS, config, {
    clock,
    observer,
    devices: parts.doors,
    intake,
    rates: new RateBudget({ kinds, clock, observer }),
    tls: parts.tls.material,
    mayRefuse: () => parts.lease.held(),
    listening: (device) => sender.listening(device),
    connected: (device, now) => parts.connected(device, now),
    preview: (message, lane) => preview.of(intake.stamped(message), lane),
  });
  const each = opened.map(({ uplink }) => uplink);
  for (const { commands } of each) if (commands) sender.connect(commands);
  return {
    opened,
    http: uplinkOf(opened, HttpUplink),
    onvif: uplinkOf(opened, OnvifEvents),
    disconnect: (device: DeviceId): void => {
      for (const uplink of each) uplink.disconnect?.(device);
    },
    reloadTls: (material: TlsMaterial): void => {
      for (const uplink of each) uplink.reloadTls?.(material);
    },
    /** Where devices connect, besides the API. */
    urls: (): string[] => each.flatMap((uplink) => uplink.status().urls),
    start: async (): Promise<void> => {
      for (const uplink of each) {
        await uplink.start();
        lifecycle.onStop(uplink.name, (signal) => uplink.stop(signal));
      }
    },
  };
}

import type { Lifecycle } from '../../core/mechanisms/lifecycle.ts';
import { StandingRemarks } from '../../core/setup/standing-remarks.ts';
import { DiskWatch } from '../../platform/files/disk-watch.ts';
import { placesOnDisk } from '../health/places-on-disk.ts';
import { placesOfRoom } from '../local-services/data-directory.ts';
import type { DoctorDeps } from './deps.ts';
import { examineUseful } from './doctor.ts';

export interface SurroundingsInput extends DoctorDeps {
  lifecycle: Lifecycle;
  /** Whether the journal takes nothing more, for whatever reason. */
  journalFull(): boolean;
}

/**
 * Watches what the gateway stands on and can be without for a while: its disks, and once `remarks` are started Redis,
 * InfluxDB and ffmpeg. Looking at those runs five programs, which a start has no processor for.
 */
export async function watchSurroundings({ lifecycle, journalFull, ...deps }: SurroundingsInput) {
  const { config, clock, observer } = deps;
  const places = await placesOnDisk(config);
  const rooms = await placesOfRoom(config.dataDir);
  const disks = new DiskWatch({ places, rooms, clock, observer, journalFull });
  await disks.start();
  lifecycle.onStop('disk watch', () => disks.stop());
  const remarks = new StandingRemarks({ look: (signal) => examineUseful(deps, signal), clock, observer });
  lifecycle.onStop('standing remarks', () => remarks.stop());
  return { disks, remarks };
}

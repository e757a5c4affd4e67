import type { Clock } from '../../../core/clock.ts';
import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../../core/observe.ts';
import type { Database } from '../../../platform/database/database.ts';
import { holderOf, Lease } from '../../../platform/database/lease.ts';
import type { Ownership } from '../../../platform/database/ownership.ts';
import type { Config } from '../../config/config.ts';
import type { DataDirectory } from '../../local-services/data-directory.ts';

export interface LeaseInput {
  config: Config;
  /** Held by us. */
  place: DataDirectory;
  database: Database;
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
}

export interface HeldLease {
  lease: Lease;
  /** Which slots this node owns, and the way in which an owner writes. */
  ownership: Ownership;
  lost: Promise<null>;
}

/** Takes the lease of the database until the end; `lost` resolves when somebody else has taken it. */
export async function takeLease(input: LeaseInput): Promise<HeldLease> {
  const { config, place, database, clock, observer, lifecycle } = input;
  let onLost = (): void => {};
  const lost = new Promise<null>((resolve) => {
    onLost = () => resolve(null);
  });
  const isPrivate = config.database.url === null;
  const holder = await holderOf(place.path, await place.node());
  const lease = await Lease.take({ database, clock, observer, holder, isPrivate, onLost });
  lifecycle.onStop('lease', () => lease.release());
  const { ownership } = lease;
  observer.log.info({ part: 'lease', ...ownership.self }, 'owns every slot');
  return { lease, ownership, lost };
}

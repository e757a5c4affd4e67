import type { AlertDesk } from '../../../alerts/desk/desk.ts';
import { followDevices } from '../../../alerts/desk/follow.ts';
import type { AlertLog } from '../../../alerts/desk/log.ts';
import { DELIVERY_QUEUE } from '../../../alerts/desk/queues.ts';
import type { Clock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Observer } from '../../../core/observe.ts';
import type { DirectoryEntry } from '../../../devices/registry/directory.ts';
import type { DeviceFollower } from '../../../devices/registry/followers.ts';
import { moveDeadLetters } from '../../../ingest/ledger/dead-letters-move.ts';
import type { Database } from '../../../platform/database/database.ts';

export interface FollowersParts {
  database: Database;
  clock: Clock;
  observer: Observer;
  log: Pick<AlertLog, 'publish'>;
  desk: Pick<AlertDesk, 'follow' | 'followAll'>;
  ring(queue: string): void;
}

/** What goes with a device that moves or is retired: alerts that are not closed, and dead letters. */
export function composeFollowers({ database, clock, observer, log, desk, ring }: FollowersParts) {
  const followers: DeviceFollower[] = [
    { follow: (tx, device, { jurisdiction }) => moveDeadLetters(tx, device, jurisdiction) },
    // Last: it locks the head of the alert log until the commit.
    { follow: async (tx, device, now) => void (await followDevices(tx, { log, clock }, new Map([[device, now]]))) },
  ];
  /** Once more after the commit: what was written meanwhile by somebody who did not know of it yet. */
  const settle = async ({ identity }: DirectoryEntry) => {
    ring(DELIVERY_QUEUE);
    await moveDeadLetters(database, identity.id, identity.jurisdiction);
    await desk.follow([identity.id]);
  };
  return {
    followers,
    /** Makes good what happened while nobody followed. */
    start: (): Promise<void> => desk.followAll(),
    /** A change of the registry was committed. */
    changed(entry: DirectoryEntry, previous: DirectoryEntry | null): void {
      const moved = previous?.identity.jurisdiction !== entry.identity.jurisdiction;
      if (previous === null || (!moved && previous.state === entry.state)) return;
      settle(entry).catch((error: unknown) => {
        observer.log.warn({ part: 'followers', error: messageOf(error) }, 'alerts follow at the next start');
      });
    },
  };
}

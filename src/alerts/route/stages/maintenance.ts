import type { Clock } from '../../../core/clock.ts';
import type { DeviceId } from '../../../core/types.ts';
import { sql, type Tables } from '../../../platform/database/database.ts';
import { enqueueWork } from '../../../platform/work/work.ts';
import { STAGE_QUEUE } from '../../desk/queues.ts';
import type { AlertTables } from '../../desk/tables.ts';
import { isWatchlistHit } from '../../rules/conditions/event.ts';
import { deviceIn } from '../../rules/conditions/subject.ts';
import { holdBack } from './hold-back.ts';

/** What the stage asks of the registry. */
export interface Maintained {
  /** The device that is in maintenance: this one, or the nearest above it; null where there is none. From memory. */
  above(device: DeviceId): DeviceId | null;
}

const NAME = 'maintenance';

/**
 * Holds back what is told of a device in maintenance, or of one below it: alerts that open or fire again become
 * `silenced`. Extreme ones and hits on a watchlist are told all the same.
 */
export function maintenance(maintained: Maintained) {
  return holdBack({
    name: NAME,
    visibility: 'silenced',
    mayHold: ({ severity, data }) => severity !== 'extreme' && !isWatchlistHit(data),
    isHeld: ({ device: subject }) => {
      const device = deviceIn(subject);
      return device !== null && maintained.above(device) !== null;
    },
  });
}

/** Has what is held back looked at again, once the transaction is committed. */
export async function lookAtWithheld(tx: Tables, clock: Clock): Promise<void> {
  await enqueueWork(tx, clock, [{ queue: STAGE_QUEUE, key: `${NAME} now` }]);
}

/** How many alerts of these devices are held back that fired since then. */
export async function countWithheld(tx: Tables, devices: readonly DeviceId[], sinceMs: number): Promise<number> {
  const row = await tx
    .tables<AlertTables>()
    .selectFrom('alert')
    .select(sql<number>`count(*)`.as('count'))
    .where('visibility', '=', 'silenced')
    .where('hidden', 'is', null)
    .where(sql<boolean>`device = any (${devices}::text[])`)
    .where('last_at_ms', '>=', sinceMs)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

import type { Clock } from '../../core/clock.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import type { EventType } from './alert.ts';
import type { AlertLog, LogInput, Published } from './log.ts';
import type { AlertRow, AlertTables } from './tables.ts';

interface Step {
  event: EventType;
  alert: AlertRow;
}

/** Of an alert whose end nobody will tell any more, and why; null where it does not last. */
export function endedBy(reason: 'device-retired' | 'rule-removed', alert: AlertRow): Step | null {
  if (alert.handling === 'closed' || (alert.condition !== 'active' && alert.condition !== 'recovering')) return null;
  return {
    event: 'alert.stale',
    alert: { ...alert, condition: 'stale', condition_reason: reason, version: alert.version + 1 },
  };
}

/**
 * Ends what is active of these devices, which are retired: they report no end any more, and what is over and what is
 * not, nobody knows. Returns what was said.
 */
export async function endOfRetired(
  tx: Tables,
  { log, clock }: { log: Pick<AlertLog, 'publish'>; clock: Clock },
  devices: readonly DeviceId[],
): Promise<Published> {
  const open = await tx
    .tables<AlertTables>()
    .selectFrom('alert')
    .selectAll()
    .where('device', 'in', [...devices])
    .where('handling', '!=', 'closed')
    .orderBy('id')
    .forUpdate()
    .execute();
  const inputs = open.flatMap((before): LogInput[] => {
    const step = endedBy('device-retired', before);
    if (!step) return [];
    return [{ from: before.version, type: step.event, alert: step.alert, actor: 'citywatch', atMs: clock.nowMs() }];
  });
  return await log.publish(tx, inputs);
}

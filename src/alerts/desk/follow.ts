import type { Clock } from '../../core/clock.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import type { EventType } from './alert.ts';
import type { AlertLog, LogInput, Published } from './log.ts';
import type { AlertRow, AlertTables } from './tables.ts';

/** How a device stands in the registry now. */
export interface Standing {
  jurisdiction: string;
  retired: boolean;
}

interface Step {
  event: EventType;
  alert: AlertRow;
}

/**
 * What an alert that is not closed does when its device has moved or is gone; nothing where it stands right. The last
 * step has the alert as it is then. To those it leaves it is shown as they knew it, so nothing of the new district is
 * told to the old one. A retired device reports no end any more: what is over and what is not, nobody knows.
 */
export function followDevice(before: AlertRow, { jurisdiction, retired }: Standing): Step[] {
  const steps: Step[] = [];
  let alert = before;
  const step = (event: EventType, change: Partial<AlertRow>): void => {
    alert = { ...alert, ...change, version: alert.version + 1 };
    steps.push({ event, alert });
  };
  if (alert.handling === 'closed') return steps;
  if (alert.jurisdiction !== jurisdiction) {
    step('alert.left', {});
    step('alert.arrived', { jurisdiction });
  }
  const end = retired ? endedBy('device-retired', alert) : null;
  return end ? [...steps, end] : steps;
}

/** Of an alert whose end nobody will tell any more, and why; null where it does not last. */
export function endedBy(reason: 'device-retired' | 'rule-removed', alert: AlertRow): Step | null {
  if (alert.handling === 'closed' || (alert.condition !== 'active' && alert.condition !== 'recovering')) return null;
  return {
    event: 'alert.stale',
    alert: { ...alert, condition: 'stale', condition_reason: reason, version: alert.version + 1 },
  };
}

/** Brings alerts of these devices that are not closed to where the devices stand; returns what was said. */
export async function followDevices(
  tx: Tables,
  { log, clock }: { log: Pick<AlertLog, 'publish'>; clock: Clock },
  devices: ReadonlyMap<DeviceId, Standing>,
): Promise<Published> {
  const open = await tx
    .tables<AlertTables>()
    .selectFrom('alert')
    .selectAll()
    .where('device', 'in', [...devices.keys()])
    .where('handling', '!=', 'closed')
    .orderBy('id')
    .forUpdate()
    .execute();
  const inputs: LogInput[] = [];
  for (const before of open) {
    const steps = followDevice(before, devices.get(before.device)!);
    for (const { event, alert } of steps) {
      inputs.push({ from: before.version, type: event, alert, actor: 'citywatch', atMs: clock.nowMs() });
    }
  }
  return await log.publish(tx, inputs);
}

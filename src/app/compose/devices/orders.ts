import { MINUTE_MS } from '../../../core/clock.ts';
import type { DeviceId } from '../../../core/types.ts';
import { CheckOrders } from '../../../devices/orders/check-orders.ts';
import { FaultOrders } from '../../../devices/orders/fault-orders.ts';
import type { HealthPort } from '../../../devices/orders/occasions.ts';
import { Orders } from '../../../devices/orders/orders.ts';
import { Recoveries } from '../../../devices/orders/recoveries.ts';
import type { Ground } from '../ground/ground.ts';
import type { Devices } from './devices.ts';

/** Work orders, and what opens them by itself. `start` begins with those that are offline by then. */
export function composeOrders(
  { database, clock, observer, config, lifecycle }: Ground,
  { authority, directory }: Pick<Devices, 'authority' | 'directory'>,
  health: { judgements: HealthPort; alsoTell(judged: (id: DeviceId) => void): void },
) {
  const orders = new Orders({ database, clock, authority });
  const maintained = (id: DeviceId): DeviceId | null => directory.maintained(id);
  const checkOrders = new CheckOrders({ orders, health: health.judgements, maintained });
  const { faultMin } = config.orders;
  const log = observer.log.child({ part: 'orders' });
  const recoveries = new Recoveries({ database, clock, log, orders, health: health.judgements });
  health.alsoTell((id) => recoveries.judged(id));
  const startRecoveries = (): void => {
    recoveries.start(directory.ids());
    lifecycle.onStop('orders of devices that are back', () => recoveries.stop());
  };
  if (faultMin === 0) return { orders, checkOrders, startFaultOrders: startRecoveries };
  const afterMs = faultMin * MINUTE_MS;
  const jurisdictionOf = (id: DeviceId): string | null => directory.identity(id)?.jurisdiction ?? null;
  const faults = new FaultOrders({
    clock,
    log,
    orders,
    health: health.judgements,
    maintained,
    jurisdictionOf,
    afterMs,
  });
  health.alsoTell((id) => faults.judged(id));
  const startFaultOrders = (): void => {
    startRecoveries();
    faults.start(directory.ids());
    lifecycle.onStop('work orders for faults', () => faults.stop());
  };
  return { orders, checkOrders, startFaultOrders };
}

import { randomUUID } from 'node:crypto';
import type { OrderInput } from '../../../src/devices/orders/input.ts';
import { OrderList } from '../../../src/devices/orders/order-list.ts';
import { Orders } from '../../../src/devices/orders/orders.ts';
import { firstOwner } from '../services/ownership.ts';
import { type Owner, temporaryDirectory } from '../services/services.ts';
import { ManualClock } from '../time/clock.ts';
import { photosIn } from './photos/open-photos.ts';
import { openDatabase, openRegistry } from './registry.ts';

/** Work orders on a database of their own, with a registry beside them. */
export async function openOrders(t: Owner, url?: string) {
  const clock = new ManualClock();
  const database = await openDatabase(t, url);
  const parts = await openRegistry(t, { database, clock });
  const orders = new Orders({ database, clock, authority: parts.authority });
  const list = new OrderList({ database, clock, ownership: firstOwner(), keepDays: 30 });
  return { ...parts, clock, orders, list };
}

/** What a person opens an order with. */
export function orderFor(device: string, over: Partial<OrderInput> = {}): OrderInput {
  const fields = { title: 'no picture', text: null, cause: null, due: null, assignee: null };
  return { id: randomUUID(), device, ...fields, ...over };
}

/** Photos of devices in a directory, with a register of looks beside them. */
export async function openPhotos(t: Owner, parts: Awaited<ReturnType<typeof openOrders>>) {
  const { clock, database, directory: devices } = parts;
  const directory = await temporaryDirectory(t);
  const needsIncident = devices.needsIncident.bind(devices);
  return { directory, ...photosIn({ database, clock, directory, needsIncident }) };
}

import { randomUUID } from 'node:crypto';
import type { OrderInput } from '../../../src/devices/orders/input.ts';
import { OrderList } from '../../../src/devices/orders/order-list.ts';
import { Orders } from '../../../src/devices/orders/orders.ts';
import { Photos } from '../../../src/devices/photos/photos.ts';
import { cleanPhoto } from '../../../src/images/photo-file.ts';
import { LocalBlobs } from '../../../src/platform/blobs/local-blobs.ts';
import { AccessRegister } from '../../../src/platform/records/access-register.ts';
import { firstOwner } from '../services/ownership.ts';
import { type Owner, temporaryDirectory } from '../services/services.ts';
import { ManualClock } from '../time/clock.ts';
import { openDatabase, openRegistry } from './registry.ts';

/** Work orders on a database of their own, with a registry beside them. */
export async function openOrders(t: Owner) {
  const clock = new ManualClock();
  const database = await openDatabase(t);
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
  const disk = { volume: { problem: async () => null }, freeBytes: async () => 1e12, reserveBytes: 0 };
  const blobs = new LocalBlobs({ name: 'photos', directory, clock, ...disk });
  const register = new AccessRegister({ database, clock, needsIncident: devices.needsIncident.bind(devices) });
  const ownership = firstOwner();
  const photos = new Photos({ database, ownership, clock, register, blobs, clean: cleanPhoto, keepDays: 30 });
  return { photos, directory, blobs };
}

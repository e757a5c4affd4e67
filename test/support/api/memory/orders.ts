import type { ApiDeps } from '../../../../src/api/deps.ts';
import type { Caller } from '../../../../src/core/types.ts';
import type { WorkOrder } from '../../../../src/devices/orders/order.ts';
import type { SitePhoto } from '../../../../src/devices/photos/photo.ts';
import { HERE, requireHere } from '../api-parts.ts';

/** One photo of that order. */
const PHOTO: SitePhoto = {
  id: '00000000-0000-4000-8000-000000000001',
  device: 'kiosk-1',
  order: 'W-2026-1',
  what: 'before',
  type: 'image/jpeg',
  width: 2,
  height: 2,
  bytes: 4,
  keptMs: 0,
  by: 'admin',
  claimedByPhone: { position: null, atMs: null, localTime: null },
};

/** One order of this district, whatever is asked for. */
export function memoryOrders(): Pick<
  ApiDeps,
  'orders' | 'orderList' | 'photos' | 'acceptances' | 'labels' | 'claims' | 'checkOrders' | 'siteClosing'
> {
  const order: WorkOrder = {
    number: 'W-2026-1',
    device: 'kiosk-1',
    title: 'no picture',
    text: null,
    cause: null,
    state: 'open',
    version: 1,
    assignee: null,
    dueMs: null,
    openedMs: 0,
    openedBy: 'admin',
    occurrences: 1,
    lastMs: 0,
    closedMs: null,
    unitBefore: 'u-1',
    unitAfter: null,
  };
  const here = async (caller: Caller) => {
    requireHere(caller);
    return order;
  };
  const photoHere = async (caller: Caller) => {
    requireHere(caller);
    return PHOTO;
  };
  return {
    orders: { open: async (caller) => ({ order: await here(caller), added: false }), step: here },
    orderList: {
      list: async () => ({ items: [], next: null }),
      get: async (caller) => ({ ...(await here(caller)), steps: [], swaps: [] }),
    },
    photos: {
      keep: photoHere,
      find: async (caller) => ({ ...(await photoHere(caller)), jurisdiction: HERE }),
      ofOrder: async () => [],
      ofDevice: async () => ({ items: [], next: null }),
      look: async () => Buffer.from([0xff, 0xd8, 0xff, 0xd9]),
    },
    acceptances: memoryAcceptances(),
    claims: memoryClaims(),
    checkOrders: { open: async () => null },
    siteClosing: {
      close: async (caller, id) => {
        requireHere(caller);
        return [id];
      },
    },
    labels: { page: async () => ({ html: '', policy: '' }), pdf: async () => Buffer.from('%PDF-') },
  };
}

/** Every device is accepted by whoever says so. */
function memoryAcceptances(): ApiDeps['acceptances'] {
  return {
    accept: async ({ name: by }, { id: device }, { id, photo }) => {
      const said = { purpose: 'test', note: null, despite: null };
      return { id, device, atMs: 0, by, ...said, photo, unit: 'u-1', grade: 'ok', steps: [] };
    },
    list: async () => ({ items: [], next: null }),
  };
}

/** A window that is open, for every device of here. */
function memoryClaims(): ApiDeps['claims'] {
  const window = async (caller: Caller, device: string) => {
    requireHere(caller);
    const times = { openedMs: 0, untilMs: 1, usedMs: null };
    return { device, ...times, by: caller.name, state: 'open' as const, triesLeft: 5 };
  };
  return {
    open: async (caller, device) => ({ window: await window(caller, device), code: '7K3M-9QPX' }),
    close: window,
    get: async () => null,
    take: async () => ({ secret: 'new-secret' }),
  };
}

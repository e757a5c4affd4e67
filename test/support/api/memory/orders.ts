import type { ApiDeps } from '../../../../src/api/deps.ts';
import type { Caller } from '../../../../src/core/types.ts';
import type { WorkOrder } from '../../../../src/devices/orders/order.ts';
import { requireHere } from '../api-parts.ts';

/** One order of this district, whatever is asked for. */
export function memoryOrders(): Pick<ApiDeps, 'orders' | 'orderList'> {
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
  return {
    orders: { open: async (caller) => ({ order: await here(caller), added: false }), step: here },
    orderList: {
      list: async () => ({ items: [], next: null }),
      get: async (caller) => ({ ...(await here(caller)), steps: [], swaps: [] }),
    },
  };
}

import { type Entry, type KeptOrder, type Trouble, unitWords } from '../kept/kept.ts';
import type { Gateway } from './send.ts';

/** How the gateway refused, as the API of the page says it. `status` 0: nobody answered. */
export interface Refusal {
  status: number;
  code: string;
  says: string;
}

interface Asked {
  entry: Entry;
  kept: KeptOrder;
  gateway: Gateway;
}

/** Answers that say nothing about the request itself. */
const LATER = [408, 425, 429];

/**
 * What keeps an entry from being done: nothing that lasts, the end of the session, or something its owner has to decide
 * on. For what somebody else changed, both sides are read. Rejects with what is no refusal.
 */
export async function troubleOf(error: Refusal, asked: Asked): Promise<Trouble | 'later' | 'ended'> {
  if (typeof error?.status !== 'number') throw error;
  const { status, code, says } = error;
  if (status === 0 || status >= 500 || LATER.includes(status) || code === 'idempotency.running') return 'later';
  if (status === 401 || code === 'auth.other-person' || code === 'auth.duty') return 'ended';
  if (status !== 409 && status !== 412) return { is: 'refused', status, says };
  try {
    return (await sidesOf(asked)) ?? { is: 'refused', status, says };
  } catch (again) {
    return troubleOfReading(again as Refusal);
  }
}

function troubleOfReading({ status, code, says }: Refusal): Trouble | 'later' | 'ended' {
  if (status === 401 || code === 'auth.other-person' || code === 'auth.duty') return 'ended';
  return status === 403 || status === 404 ? { is: 'refused', status, says } : 'later';
}

/** What the owner saw and what is now; null where both are the same. */
async function sidesOf({ entry, kept, gateway }: Asked): Promise<Trouble | null> {
  const current = await gateway.order(entry.order);
  if (current.version !== kept.order.version) return { is: 'order', seen: kept.order, current };
  const { deed } = entry;
  if (deed.kind !== 'swap') return null;
  const { unit } = await gateway.device(entry.device);
  if (!unit || unit.id === (deed.replaces ?? kept.device.unit?.id)) return null;
  const hung = await gateway.lastHung(entry.device);
  const { by = null, at = null } = hung ?? {};
  return { is: 'unit', seen: deed.hung, current: { id: unit.id, words: unitWords(unit) }, by, at };
}

import type { CheckReport, Order, OrderDetail, WholeDevice } from '../../types.ts';
import type { Entry, KeptOrder, Outbox, Trouble } from '../kept/kept.ts';
import { type Refusal, troubleOf } from './trouble.ts';

/** Asks the gateway as the person whose entries are sent. All reject with a {@link Refusal}. */
export interface Gateway {
  order(number: string): Promise<OrderDetail>;
  device(id: string): Promise<WholeDevice>;
  /** Who hung up the unit that hangs there now, and when. */
  lastHung(device: string): Promise<{ by: string | null; at: string } | null>;
  /** Note, step or both. */
  step(number: string, body: { id: string; version?: number; to?: string; note?: string }): Promise<Order>;
  photo(number: string, photo: { id: string; what: string; type: string; bytes: ArrayBuffer }): Promise<void>;
  /** A secret comes once: not to the same request again. */
  swap(device: string, path: 'swap' | 'units', asked: { key: string; body: object }): Promise<Swapped>;
  check(device: string): Promise<CheckReport>;
}

type Swapped = Pick<WholeDevice, 'unit'> & { secret?: string };

export interface SendDeps {
  outbox: Outbox;
  gateway: Gateway;
  /** Told the secret of a unit that was hung up, once. */
  tellSecret(order: string, secret: string): void;
}

/**
 * What came of it. `sent`: nothing of this order waits any more; `stuck`: its owner has to decide; `later`: the gateway
 * did not answer, or not yet; `ended`: it takes nothing from this person now.
 */
export type Sent = 'sent' | 'stuck' | 'later' | 'ended';

/**
 * Sends what waits of one order, in the order in which it was entered, and stops at the first that does not go through.
 * What may have arrived before is sent again as it was; before anything else is sent the order is compared with what
 * its owner saw. Rejects only where the outbox cannot be read or written.
 */
export async function sendOrder(owner: string, number: string, deps: SendDeps): Promise<Sent> {
  let isCompared = false;
  for (;;) {
    const [entry] = await deps.outbox.entries(owner, number);
    const kept = await deps.outbox.order(owner, number);
    if (!entry || !kept) return 'sent';
    if (entry.trouble) return 'stuck';
    try {
      if (!isCompared && entry.state !== 'tried') {
        const current = await deps.gateway.order(number);
        if (current.version !== kept.order.version) {
          return await stop(entry, { is: 'order', seen: kept.order, current }, deps);
        }
        isCompared = true;
      }
      await sendOne(entry, kept, deps);
    } catch (error) {
      const found = await troubleOf(error as Refusal, { entry, kept, gateway: deps.gateway });
      if (found === 'later' || found === 'ended') return found;
      return await stop(entry, found, deps);
    }
  }
}

async function stop(entry: Entry, trouble: Trouble, { outbox }: SendDeps): Promise<'stuck'> {
  await outbox.put({ ...entry, state: 'waiting', trouble });
  return 'stuck';
}

async function sendOne(entry: Entry, kept: KeptOrder, deps: SendDeps): Promise<void> {
  const { outbox, gateway } = deps;
  const { deed, id, order, device } = entry;
  const ready =
    deed.kind === 'swap' && deed.replaces === null ? { ...deed, replaces: kept.device.unit?.id ?? '' } : deed;
  // Before it leaves: whoever comes back after a lost answer knows that it may have arrived, and takes it back no more.
  const tried: Entry = { ...entry, deed: ready, state: 'tried' };
  if (entry.state !== 'tried' && !(await outbox.put(tried))) return;
  let now: (before: KeptOrder) => KeptOrder = (before) => before;
  if (ready.kind === 'step') {
    const { version, to, note } = ready;
    const answer = await gateway.step(order, { id, version, to, ...(note !== null && { note }) });
    now = (before) => ({ ...before, order: { ...before.order, ...answer } });
  } else if (ready.kind === 'note') {
    await gateway.step(order, { id, note: ready.note });
  } else if (ready.kind === 'photo') {
    const bytes = await outbox.bytes(entry);
    if (bytes) await gateway.photo(order, { id, what: ready.what, type: ready.type, bytes });
  } else if (ready.kind === 'swap') {
    const { unit, replaces, reason, named } = ready;
    const body = named ? { unit, replaces, reason } : { unit, reason };
    const answer = await gateway.swap(device, named ? 'swap' : 'units', { key: id, body });
    if (answer.secret !== undefined) deps.tellSecret(order, answer.secret);
    now = (before) => ({ ...before, device: { ...before.device, unit: answer.unit } });
  } else {
    const { grade, steps, at } = await gateway.check(device);
    now = (before) => ({ ...before, check: { grade, steps, at } });
  }
  // In this order: cut between, it is sent again and answered the same. What was noted meanwhile stays noted.
  await outbox.putOrder(now((await outbox.order(entry.owner, order)) ?? kept));
  await outbox.remove(tried);
}

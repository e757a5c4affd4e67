import type { OrderDetail } from '../../types.ts';
import type { Entry, KeptOrder, Outbox } from '../kept/kept.ts';

/** Which steps who does the work may make, from which state; as the gateway has them. */
const STEPS: Record<string, readonly string[]> = { open: ['taken'], taken: ['done', 'open'] };

/** Whether the order may go from one state to another by somebody who works on it. */
export function mayStep(from: string, to: string): boolean {
  return STEPS[from]?.includes(to) ?? false;
}

/** The order as it will be when all that waits has been done; nothing of it has been confirmed. */
export function expected(order: OrderDetail, entries: readonly Entry[]): { state: string; version: number } {
  let { state, version } = order as { state: string; version: number };
  for (const { deed } of entries) {
    if (deed.kind !== 'step') continue;
    state = deed.to;
    version += 1;
  }
  return { state, version };
}

interface Deciding {
  outbox: Outbox;
  uuid(): string;
}

/**
 * Leaves an entry undone, unless it is on its way. Steps that follow it count from the version that is then theirs.
 */
export async function drop(entry: Entry, { outbox, uuid }: Deciding): Promise<void> {
  if (!(await outbox.takeBack(entry))) return;
  const kept = await outbox.order(entry.owner, entry.order);
  if (kept) await renumber(kept, { outbox, uuid });
}

/** Sends a refused entry again as it is. */
export async function again(entry: Entry, { outbox }: Deciding): Promise<void> {
  if (await isUndecided(entry, outbox)) await outbox.put({ ...entry, trouble: null });
}

/** In another window its owner may have decided already, and it may be on its way. */
async function isUndecided({ owner, order, seq }: Entry, outbox: Outbox): Promise<boolean> {
  return (await outbox.entries(owner, order)).some((entry) => entry.seq === seq && entry.trouble !== null);
}

/** Goes on with an order, or at a unit, that somebody else changed: now its owner has seen both sides. */
export async function goOn(entry: Entry, { outbox, uuid }: Deciding): Promise<void> {
  const { trouble, deed } = entry;
  const kept = await outbox.order(entry.owner, entry.order);
  if (!trouble || !kept || !(await isUndecided(entry, outbox))) return;
  if (trouble.is === 'order') {
    const now = { ...kept, order: trouble.current };
    await outbox.putOrder(now);
    await outbox.put({ ...entry, trouble: null });
    await renumber(now, { outbox, uuid });
  }
  if (trouble.is === 'unit' && deed.kind === 'swap') {
    const { id, words } = trouble.current;
    const unit = kept.device.unit ? { ...kept.device.unit, id } : null;
    await outbox.putOrder({ ...kept, device: { ...kept.device, unit } });
    const next = { ...deed, replaces: id, hung: words, named: true };
    await outbox.put({ ...entry, id: uuid(), deed: next, trouble: null });
  }
}

/** Another request than before has another id. What may have arrived stays as it was sent. */
async function renumber(kept: KeptOrder, { outbox, uuid }: Deciding): Promise<void> {
  let { version } = kept.order;
  for (const entry of await outbox.entries(kept.owner, kept.number)) {
    const { deed } = entry;
    if (deed.kind !== 'step') continue;
    if (deed.version !== version && entry.state === 'waiting') {
      await outbox.put({ ...entry, id: uuid(), deed: { ...deed, version } });
    }
    version += 1;
  }
}

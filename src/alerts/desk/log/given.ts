import { asJsonb } from '../../../platform/database/as-jsonb.ts';
import type { WorkTicket } from '../../../platform/work/work.ts';
import { ENTRIES_MAX, type Pending, type Waiting } from '../../route/outbox.ts';
import type { Change } from '../../route/stages/stage.ts';
import { DELIVERY_QUEUE } from '../queues.ts';
import type { LogEntry } from './entry.ts';

/** Key of the work on what waits for one subscription of one alert. */
export function deliveryKey(subscription: string, alert: string): string {
  return `${subscription} ${alert}`;
}

/** Of what one subscription is told of one entry; the same in every try. */
export function deliveryId(entry: string, subscription: string): string {
  return `msg_${entry}_${subscription}`;
}

/**
 * These tickets, and with each delivery that is begun here what it is to send: its key is new, so nothing else waits
 * for it, and what was written was written while its subscription stood as it is given.
 */
export function withEntries(
  tickets: readonly WorkTicket[],
  changes: readonly Change[],
  entries: readonly Omit<LogEntry, 'seq'>[],
): WorkTicket[] {
  if (!tickets.some(isBegun)) return [...tickets];
  const pending = pendingOf(changes, entries);
  return tickets.map((ticket) => {
    const { claim, key } = ticket;
    const given = isBegun(ticket) ? pending.get(key) : undefined;
    return claim && given && given.entries.length < ENTRIES_MAX ? { ...ticket, claim: { ...claim, given } } : ticket;
  });
}

function isBegun({ queue, claim }: WorkTicket): boolean {
  return queue === DELIVERY_QUEUE && claim !== undefined;
}

function pendingOf(changes: readonly Change[], entries: readonly Omit<LogEntry, 'seq'>[]): Map<string, Pending> {
  const pending = new Map<string, Pending>();
  for (const [index, { id, type, body, atMs, alertId }] of entries.entries()) {
    const told = changes[index]?.deliveries.filter(({ state }) => state === 'waiting') ?? [];
    // Each try sends the same bytes: this one those that are read for the next.
    const stored = told.length > 0 ? asJsonb(body) : body;
    for (const { subscription, to: recipient } of told) {
      if (!recipient) continue;
      const key = deliveryKey(subscription, alertId);
      const before = pending.get(key)?.entries ?? [];
      const one: Waiting = {
        id: deliveryId(id, subscription),
        attempts: 0,
        created_at_ms: atMs,
        body: stored,
        type,
      };
      pending.set(key, { recipient, entries: [...before, one], more: false });
    }
  }
  return pending;
}

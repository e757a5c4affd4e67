import { signal } from '@preact/signals';
import { personal } from '../../ground/personal.ts';
import { whoIs } from '../../session.ts';
import { db, type NewEntry } from '../kept/db.ts';
import type { Entry } from '../kept/kept.ts';

/** What waits of the person who is signed in, in the order in which it was entered. */
export const waiting = personal<readonly Entry[]>([]);
/** Whether the last attempt reached the gateway; null: none was made yet. */
export const reached = signal<boolean | null>(null);
/** Secrets of units that were hung up, by order: shown, and kept nowhere. They outlive the end of a session. */
export const secrets = personal<ReadonlyMap<string, string>>(new Map());
/** Goes up whenever something of an order was confirmed. */
export const confirmed = signal(0);

const windows = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('citywatch.orders');
const wakers = new Set<() => void>();

/** Calls `wake` whenever there may be something to send, also from another window, until `signal` is aborted. */
export function onWake(wake: () => void, signal: AbortSignal): void {
  wakers.add(wake);
  signal.addEventListener('abort', () => wakers.delete(wake), { once: true });
}

/** To be called when there may be something to send; tells the other windows of this browser. */
export function changed(): void {
  tellWindows();
  for (const wake of wakers) wake();
}

/** Tells the other windows of this browser that something was sent, or waits for its owner. */
export function tellWindows(): void {
  windows?.postMessage('changed');
}

if (windows) {
  windows.onmessage = () => {
    confirmed.value += 1;
    for (const wake of wakers) wake();
  };
}

/** Reads anew what waits of this person, for as long as they are who is signed in. */
export async function readWaiting(owner: string): Promise<void> {
  const found = await db.entries(owner).catch(() => []);
  if (whoIs.value === owner) waiting.value = found;
}

type Asked = Pick<NewEntry, 'owner' | 'order' | 'device' | 'deed'>;

/** Keeps an entry until the gateway has confirmed it. Rejects where this browser keeps nothing, or has no room. */
export async function enqueue(asked: Asked, bytes?: ArrayBuffer): Promise<void> {
  // Browsers that run out of room clear what they were not asked to keep.
  void navigator.storage?.persist?.().catch(() => undefined);
  await db.add({ ...asked, id: uuid(), madeAtMs: Date.now(), state: 'waiting', trouble: null }, bytes);
  await readWaiting(asked.owner);
  changed();
}

/** A random UUID (version 4), also where the page is not in a secure context and the browser makes none. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

import { ApiError } from '../../api.ts';
import { isRemembered, loadSession, noticeEnd } from '../../session.ts';
import { retryPause } from '../../ticker.ts';
import { db } from '../kept/db.ts';
import { gatewayAs, isSignedIn } from './gateway.ts';
import { type Sent, sendOrder } from './send.ts';
import { confirmed, onWake, reached, readWaiting, secrets, tellWindows, waiting } from './state.ts';

const BACKOFF_MAX_MS = 15_000;
const LOCK = 'citywatch.orders.send';

/** Sends what waits of `owner`, as often as it takes, until `signal` is aborted: then another one may be here. */
export async function sendAll(owner: string, signal: AbortSignal): Promise<void> {
  let wake = () => {};
  onWake(() => wake(), signal);
  addEventListener('online', () => wake(), { signal });
  document.addEventListener('visibilitychange', () => !document.hidden && wake(), { signal });
  signal.addEventListener(
    'abort',
    isRemembered.subscribe(() => wake()),
    { once: true },
  );
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    await readWaiting(owner);
    const came = await alone(() => sendOrders(owner, signal));
    await readWaiting(owner);
    if (came !== 'later') attempt = -1;
    const again = new AbortController();
    const until = AbortSignal.any([signal, again.signal]);
    // With nothing to send there is nothing to try.
    const rest = came === 'later' ? retryPause(attempt, BACKOFF_MAX_MS, until) : new Promise<void>(() => {});
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([woken, rest.catch(() => undefined), stopped]);
    again.abort();
  }
}

/** One window at a time, where windows can agree: what two of them send is the same, and done once, all the same. */
async function alone(run: () => Promise<Sent>): Promise<Sent> {
  if (!navigator.locks) return await run();
  return await navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => (lock ? await run() : 'later'));
}

async function sendOrders(owner: string, signal: AbortSignal): Promise<Sent> {
  const numbers = [...new Set(waiting.value.map(({ order }) => order))];
  if (numbers.length === 0) return 'sent';
  if (isRemembered.value) {
    reached.value = false;
    return 'later';
  }
  let worst: Sent = 'sent';
  for (const number of numbers) {
    if (signal.aborted || !isSignedIn(owner)) return 'ended';
    const came = await send(owner, number, signal);
    if (came === 'ended') {
      await loadSession().catch(noticeEnd);
      return 'ended';
    }
    if (came === 'later') worst = 'later';
  }
  return worst;
}

async function send(owner: string, number: string, signal: AbortSignal): Promise<Sent> {
  const before = waiting.value.filter(({ order }) => order === number).length;
  const gateway = gatewayAs(owner, signal);
  const outbox = {
    ...db,
    put: async (entry: Parameters<typeof db.put>[0]) => {
      const isThere = await db.put(entry);
      await readWaiting(owner);
      return isThere;
    },
    remove: async (entry: Parameters<typeof db.remove>[0]) => {
      await db.remove(entry);
      await readWaiting(owner);
    },
  };
  const tellSecret = (order: string, secret: string) => {
    secrets.value = new Map([...secrets.value, [order, secret]]);
  };
  const came = await sendOrder(owner, number, { outbox, gateway, tellSecret }).catch((error): Sent => {
    if (!signal.aborted && error instanceof ApiError) noticeEnd(error);
    return 'later';
  });
  reached.value = came !== 'later';
  const after = (await db.entries(owner, number)).length;
  if (after !== before || came === 'stuck') {
    confirmed.value += 1;
    tellWindows();
  }
  return came;
}

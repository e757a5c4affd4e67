import { get, request } from '../../api.ts';
import { whoIs } from '../../session.ts';
import type { CheckReport, Order, OrderDetail, Page, UnitStay, WholeDevice } from '../../types.ts';
import type { Gateway } from './send.ts';

/** Longest waits for answers, ms: a photo may go through a narrow network. */
const WAIT_MS = { answer: 20_000, check: 30_000, photo: 300_000 };

interface Sent {
  /** Media type of the body, where it is not JSON. */
  type?: string;
  waitMs?: number;
  /** By which the same request is known when it comes again. */
  key?: string;
}

/** The gateway, asked as `owner`: it refuses where somebody else is signed in by then. */
export function gatewayAs(owner: string, signal: AbortSignal): Gateway {
  const post = (path: string, body: BodyInit, { type, waitMs, key }: Sent) => {
    const headers = new Headers({ 'x-citywatch': 'console', 'x-citywatch-person': encodeURIComponent(owner) });
    headers.set('content-type', type ?? 'application/json');
    if (key !== undefined) headers.set('idempotency-key', key);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(waitMs ?? WAIT_MS.answer)]);
    return request(path, { method: 'POST', headers, body, signal: limit });
  };
  const device = (id: string) => `/devices/${encodeURIComponent(id)}`;
  return {
    order: (number) => get<OrderDetail>(`/orders/${number}`, signal),
    device: (id) => get<WholeDevice>(device(id), signal),
    lastHung: async (id) => {
      const { items } = await get<Page<UnitStay>>(`${device(id)}/units?limit=1`, signal);
      const [last] = items;
      return last ? { by: last.by, at: last.from } : null;
    },
    step: async (number, body) => {
      const answer = await post(`/orders/${number}/steps`, JSON.stringify(body), {});
      return (await answer.json()) as Order;
    },
    photo: async (number, { id, what, type, bytes }) => {
      const path = `/orders/${number}/photos?id=${id}&what=${what}`;
      const answer = await post(path, bytes, { type, waitMs: WAIT_MS.photo });
      // Networks for guests answer everything, with a page of theirs.
      await answer.json();
    },
    swap: async (id, path, { key, body }) => {
      const answer = await post(`${device(id)}/${path}`, JSON.stringify(body), { key });
      return (await answer.json()) as WholeDevice & { secret?: string };
    },
    check: async (id) => {
      const answer = await post(`${device(id)}/check`, '{}', { waitMs: WAIT_MS.check });
      return (await answer.json()) as CheckReport;
    },
  };
}

/** Whether `owner` is who is signed in here. */
export function isSignedIn(owner: string): boolean {
  return whoIs.value === owner;
}

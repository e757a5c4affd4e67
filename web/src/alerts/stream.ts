import { signal } from '@preact/signals';
import { ApiError, request } from '../api.ts';
import { backoffMs, every, pause } from '../ticker.ts';
import type { AlertEvent } from '../types.ts';
import type { Desk } from './desk.ts';
import { EventReader } from './event-reader.ts';

/** The server says something at least every 10 s; after this long without, the line is dead. */
const SILENCE_MAX_MS = 20_000;
const BACKOFF_MAX_MS = 15_000;

export type Link = 'connecting' | 'live' | 'silent' | 'forbidden';

export const link = signal<Link>('connecting');
/** When the server was last heard, by this computer's clock. */
export const heardAtMs = signal(Date.now());

export interface StreamHandlers {
  /** Of which desk. */
  desk: Desk;
  /** A new stream without a gap to what `onReset` reads: called when it stands. */
  onReset(signal: AbortSignal): Promise<void>;
  onEvent(event: AlertEvent): void;
  onError(error: unknown): void;
}

/**
 * Follows the log of alerts until `signal` is aborted. After a break it goes on at the last event; where the server no
 * longer knows that place, and at the start, `onReset` reads the list anew.
 */
export async function follow(handlers: StreamHandlers, signal: AbortSignal): Promise<void> {
  begin();
  const stopWatch = every(1_000, () => {
    if (link.value !== 'silent' && Date.now() - heardAtMs.value > SILENCE_MAX_MS) link.value = 'silent';
  });
  signal.addEventListener('abort', stopWatch, { once: true });
  const place = { id: '' };
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      await connection(handlers, place, signal, () => {
        attempt = 0;
      });
    } catch (error) {
      if (signal.aborted) return;
      handlers.onError(error);
      if (error instanceof ApiError && error.status === 403) {
        stopWatch();
        link.value = 'forbidden';
        return;
      }
      if (error instanceof ApiError && (error.status === 400 || error.status === 410)) place.id = '';
    }
    if (link.value === 'live') link.value = 'connecting';
    await pause(backoffMs(attempt, BACKOFF_MAX_MS), signal).catch(() => undefined);
  }
}

function begin(): void {
  link.value = 'connecting';
  heardAtMs.value = Date.now();
}

async function connection(
  handlers: StreamHandlers,
  place: { id: string },
  outer: AbortSignal,
  onLive: () => void,
): Promise<void> {
  const dead = new AbortController();
  const signal = AbortSignal.any([outer, dead.signal]);
  let heardMs = Date.now();
  const stopWatch = every(1_000, () => {
    if (Date.now() - heardMs > SILENCE_MAX_MS) dead.abort();
  });
  try {
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (place.id !== '') headers['last-event-id'] = place.id;
    const { body } = await request(`/alerts/stream?desk=${handlers.desk}`, { headers, signal });
    if (!body) throw new ApiError(0);
    const reader = new EventReader();
    const source = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let fresh = place.id === ''; ; ) {
      const { done, value } = await source.read();
      if (done) return;
      heardMs = Date.now();
      heardAtMs.value = heardMs;
      for (const { name, data } of reader.read(value)) {
        if (name === 'hello') {
          if (fresh) await handlers.onReset(signal);
          fresh = false;
          link.value = 'live';
          onLive();
        } else {
          const event = eventOf(data);
          if (event) handlers.onEvent(event);
        }
      }
      // Only after a stream without a gap stands is there a place to go on from.
      if (!fresh) place.id = reader.lastId;
    }
  } finally {
    stopWatch();
    dead.abort();
  }
}

/** One event that makes no sense must not stop the ones behind it. */
function eventOf(data: string): AlertEvent | null {
  try {
    const event = JSON.parse(data) as Partial<AlertEvent> | null;
    return typeof event?.alert?.id === 'string' ? (event as AlertEvent) : null;
  } catch {
    return null;
  }
}

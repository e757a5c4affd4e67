import { signal } from '@preact/signals';
import { ApiError } from '../api.ts';
import { msBetween } from '../clock.ts';
import { type Heard, SILENCE_MAX_MS } from '../feed/connection.ts';
import { joinFeed } from '../feed/join.ts';
import { lineLost, onBack } from '../line.ts';
import { every, retryPause } from '../ticker.ts';
import type { AlertEvent } from '../types.ts';

const BACKOFF_MAX_MS = 15_000;
/** Events that come within so many ms of each other are taken in together: a storm is no storm of page updates. */
const TOGETHER_MS = 60;

export type Link = 'connecting' | 'live' | 'silent' | 'forbidden';

export const link = signal<Link>('connecting');
/** When the server was last heard, by this computer's clock. */
export const heardAtMs = signal(Date.now());

export interface StreamHandlers {
  /** Reads what is there: called when a stream stands that has no gap to it. Failed, it is tried again. */
  onReset(signal: AbortSignal): Promise<void>;
  onEvents(events: readonly AlertEvent[]): void;
  onError(error: unknown): void;
}

/** Follows the log of alerts for `who` until `outer` is aborted, or until it turns out that they may not. */
export function follow(who: string, handlers: StreamHandlers, outer: AbortSignal): void {
  const end = new AbortController();
  const signal = AbortSignal.any([outer, end.signal]);
  const news = new News(handlers, signal);
  link.value = 'connecting';
  heardAtMs.value = Date.now();
  const hear = (heard: Heard): void => {
    if (heard.type === 'broke') {
      if (link.value === 'live') link.value = 'connecting';
      if (heard.status === 0) lineLost();
      else handlers.onError(new ApiError(heard.status));
      if (heard.status !== 403) return;
      link.value = 'forbidden';
      end.abort();
      return;
    }
    heardAtMs.value = Date.now();
    if (heard.type === 'event') news.add(heard.event);
    else if (heard.type === 'stands' && heard.fresh) void news.reset();
    else if (!news.isResetting) link.value = 'live';
  };
  const feed = joinFeed({ who, hear, signal });
  onBack(() => {
    if (link.value !== 'live') feed.again();
  }, signal);
  let askedMs = 0;
  const stopWatch = every(1_000, () => {
    if (msBetween(heardAtMs.value, Date.now()) <= SILENCE_MAX_MS) return;
    link.value = 'silent';
    lineLost();
    if (msBetween(askedMs, Date.now()) < SILENCE_MAX_MS) return;
    askedMs = Date.now();
    feed.again();
  });
  signal.addEventListener('abort', stopWatch, { once: true });
}

/** Gathers events, and holds them back while the list is read that they come after. */
class News {
  readonly #handlers: StreamHandlers;
  readonly #signal: AbortSignal;
  #events: AlertEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading: AbortController | null = null;

  constructor(handlers: StreamHandlers, signal: AbortSignal) {
    this.#handlers = handlers;
    this.#signal = signal;
  }

  get isResetting(): boolean {
    return this.#reading !== null;
  }

  add(event: AlertEvent): void {
    this.#events.push(event);
    if (this.isResetting || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#flush(), TOGETHER_MS);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#events;
    this.#events = [];
    if (!this.#signal.aborted && events.length > 0) this.#handlers.onEvents(events);
  }

  async reset(): Promise<void> {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    // What came before is in what is read now.
    this.#events = [];
    const signal = AbortSignal.any([this.#signal, reading.signal]);
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await this.#handlers.onReset(signal);
        this.#reading = null;
        link.value = 'live';
        this.#flush();
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#handlers.onError(error);
        await retryPause(attempt, BACKOFF_MAX_MS, signal).catch(() => undefined);
      }
    }
  }
}

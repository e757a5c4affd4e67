import { msBetween } from '../clock.ts';
import type { AlertEvent } from '../types.ts';
import { EventReader } from './event-reader.ts';

/** Of all desks that are the reader's, since each window may show another. */
const STREAM = '/api/v1/alerts/stream?desk=all';
/** The server says something at least every 10 s; after this long without, the connection is dead. */
export const SILENCE_MAX_MS = 20_000;
const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MAX_MS = 15_000;
/** Several windows may find it silent at once: it is opened anew once. */
const AGAIN_MIN_MS = 5_000;
/** The same of one that does not stand yet. */
const TRY_MIN_MS = 1_000;
const HEARD_EVERY_MS = 1_000;

/** What a connection tells of the stream of alerts. */
export type Heard =
  /** The server was heard. */
  | { type: 'heard' }
  /** The stream stands. `fresh`: it goes on nowhere, so the list is to be read anew. */
  | { type: 'stands'; fresh: boolean }
  /** `at`: where to go on; of several that came together, behind them all. */
  | { type: 'event'; event: AlertEvent; at: string }
  /** It broke and is tried again; `status` of the answer, 0 without one. After 401 and 403 it is not. */
  | { type: 'broke'; status: number };

/**
 * One connection to the stream of alerts, kept up: after a break it goes on at the last event. It knows nothing of
 * pages, since it runs in a worker where there are some.
 */
export class FeedConnection {
  readonly #tell: (heard: Heard) => void;
  #running: AbortController | null = null;
  #attempt = new AbortController();
  #openedMs = 0;
  #toldMs = 0;
  #stands = false;
  #wake: () => void = () => {};
  /** Where to go on; empty: nowhere. */
  #at = '';

  constructor(tell: (heard: Heard) => void) {
    this.#tell = tell;
  }

  get stands(): boolean {
    return this.#stands;
  }

  /** Begins; after the event `at`, where that is given. */
  start(at = ''): void {
    if (this.#running) return;
    this.#at = at;
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = null;
    this.#attempt.abort();
    this.#stands = false;
  }

  /** Opens the connection anew, because somebody heard nothing for too long, or because the gateway is back. */
  again(): void {
    if (msBetween(this.#openedMs, Date.now()) <= (this.#stands ? AGAIN_MIN_MS : TRY_MIN_MS)) return;
    this.#attempt.abort();
    this.#wake();
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const status = await this.#connect(() => {
        attempt = 0;
      });
      if (signal.aborted) return;
      this.#stands = false;
      // The place is not known there: another log, or one that has forgotten so much.
      if (status === 400 || status === 410) this.#at = '';
      this.#tell({ type: 'broke', status });
      if (status === 401 || status === 403) {
        this.#running = null;
        return;
      }
      await this.#pause(pauseMs(attempt));
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }

  /** Reads one connection to its end; answers the status that it was refused with, else 0. */
  async #connect(onStands: () => void): Promise<number> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#openedMs = Date.now();
    let heardMs = Date.now();
    const watch = setInterval(() => {
      if (msBetween(heardMs, Date.now()) > SILENCE_MAX_MS) attempt.abort();
    }, 1_000);
    try {
      const headers = { accept: 'text/event-stream', ...(this.#at === '' ? {} : { 'last-event-id': this.#at }) };
      const answer = await fetch(STREAM, { headers, signal: attempt.signal, cache: 'no-store', redirect: 'error' });
      if (!answer.ok || !answer.body) return answer.status;
      const reader = new EventReader();
      const source = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await source.read();
        if (done) return 0;
        heardMs = Date.now();
        this.#read(reader, value, onStands);
      }
    } catch {
      return 0;
    } finally {
      clearInterval(watch);
      attempt.abort();
    }
  }

  #read(reader: EventReader, text: string, onStands: () => void): void {
    const fresh = this.#at === '';
    for (const { name, data } of reader.read(text)) {
      if (name === 'hello') {
        this.#stands = true;
        onStands();
        this.#tell({ type: 'stands', fresh });
      } else {
        const event = eventOf(data);
        if (event) this.#tell({ type: 'event', event, at: reader.lastId });
      }
    }
    if (this.#stands) this.#at = reader.lastId;
    if (msBetween(this.#toldMs, Date.now()) < HEARD_EVERY_MS) return;
    this.#toldMs = Date.now();
    this.#tell({ type: 'heard' });
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

/** Doubling with jitter, so that many browsers do not come back at the same instant. */
function pauseMs(attempt: number): number {
  return Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** attempt) * (0.7 + Math.random() * 0.6);
}

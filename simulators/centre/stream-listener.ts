import { appendFileSync } from 'node:fs';

/** One event of a stream of alerts as the command centre wrote it down. */
export interface StreamEntry {
  atMs: number;
  /** `id` of the event: the place in the log from which it goes on after a break. */
  place: string;
  type: string | null;
  alertId: string | null;
  device: string | null;
  /** Told before: the effect must not happen again. */
  duplicate: boolean;
}

/** How it follows: reads what comes; is not there; is connected and reads nothing. */
export type ListenerMood = 'open' | 'down' | 'slow';

export interface StreamListenerOptions {
  /** Of server-sent events, such as `http://host:port/api/v1/alerts/stream`. */
  url: string;
  /** Of somebody who may read alerts. */
  token: string;
  /** Each entry is appended here as a JSON line. */
  ledgerPath?: string;
  /** From a break to the next try, ms. */
  againMs: number;
  /** Told of each entry. */
  onEntry?(entry: StreamEntry): void;
}

const LEDGER_MAX = 100_000;
const EVENT_CHARS_MAX = 4 * 1024 * 1024;

/**
 * The other way in which a command centre hears of alerts: it follows their stream (server-sent events), goes on where
 * it was after each break, and keeps a ledger of all that came.
 */
export class StreamListener {
  readonly #options: StreamListenerOptions;
  readonly #places = new Set<string>();
  readonly #moods = new Set<() => void>();
  #mood: ListenerMood = 'open';
  #connection = new AbortController();
  #following: Promise<void> = Promise.resolve();
  #isStopped = true;
  #last: string | null = null;
  /** Newest last, at most {@link LEDGER_MAX}. */
  readonly ledger: StreamEntry[] = [];
  /** Connections that were answered so far. */
  connections = 0;

  constructor(options: StreamListenerOptions) {
    this.#options = options;
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#following = this.#follow();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#connection.abort();
    this.#wake();
    await this.#following;
  }

  /** `down` breaks the connection; `open` connects again where it had to, and reads on. */
  be(mood: ListenerMood): void {
    this.#mood = mood;
    if (mood === 'down') this.#connection.abort();
    this.#wake();
  }

  async #follow(): Promise<void> {
    while (!this.#isStopped) {
      if (this.#mood === 'down') {
        await this.#otherMood();
        continue;
      }
      this.#connection = new AbortController();
      // What breaks is followed again: by then it may be mended.
      await this.#read(this.#connection.signal).catch(() => {});
      if (!this.#isStopped) await new Promise((resolve) => setTimeout(resolve, this.#options.againMs));
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { url, token } = this.#options;
    const headers: Record<string, string> = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
    if (this.#last !== null) headers['last-event-id'] = this.#last;
    const { ok, body } = await fetch(url, { headers, signal });
    if (!ok || !body) return void (await body?.cancel());
    this.connections += 1;
    let rest = '';
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      const events = (rest + text).split(/\r?\n\r?\n/);
      rest = events.pop() ?? '';
      if (rest.length > EVENT_CHARS_MAX) return;
      for (const event of events) this.#take(event);
      while (this.#mood === 'slow' && !this.#isStopped) await this.#otherMood();
    }
  }

  #take(event: string): void {
    const place = fieldOf(event, 'id');
    const data = fieldOf(event, 'data');
    // A comment, which keeps the connection alive.
    if (place === null || data === null) return;
    this.#last = place;
    const entry = { atMs: Date.now(), place, ...readData(data), duplicate: this.#places.has(place) };
    this.#places.add(place);
    this.ledger.push(entry);
    if (this.ledger.length > LEDGER_MAX) this.ledger.shift();
    const { ledgerPath, onEntry } = this.#options;
    if (ledgerPath) appendFileSync(ledgerPath, `${JSON.stringify(entry)}\n`);
    onEntry?.(entry);
  }

  #otherMood(): Promise<void> {
    return new Promise((resolve) => this.#moods.add(resolve));
  }

  #wake(): void {
    for (const wake of this.#moods) wake();
    this.#moods.clear();
  }
}

/** A field of an event; lines of one field belong together. */
function fieldOf(event: string, field: 'id' | 'data'): string | null {
  const lines = event.split(/\r?\n/).filter((line) => line.startsWith(`${field}:`));
  if (lines.length === 0) return null;
  return lines.map((line) => line.slice(field.length + 1).replace(/^ /, '')).join('\n');
}

function readData(data: string): Pick<StreamEntry, 'type' | 'alertId' | 'device'> {
  try {
    const { type, alert } = JSON.parse(data) as { type?: unknown; alert?: { id?: unknown; device?: unknown } };
    const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
    return { type: text(type), alertId: text(alert?.id), device: text(alert?.device) };
  } catch {
    return { type: null, alertId: null, device: null };
  }
}

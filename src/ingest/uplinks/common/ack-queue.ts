import type { Clock } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import { backoffMs, jittered } from '../../../core/mechanisms/backoff.ts';
import { type Random, systemRandom } from '../../../core/random.ts';
import type { NewMessage, Receipt } from '../../../core/types.ts';
import type { ByteBudget } from './byte-budget.ts';

export interface AckQueueDeps {
  accept(message: NewMessage): Promise<Receipt>;
  clock: Clock;
  budget: ByteBudget;
  counts: AckCounts;
  /** {@link systemRandom} unless a test brings its own. */
  random?: Random;
}

export interface AckCounts {
  /** Messages handed to `accept` that have not settled. */
  asked: number;
  /** Answers of `accept` that refused a message for now. */
  refused: number;
  qos0Dropped: number;
}

/** The connection whose messages these are. */
export interface AckOwner {
  /** The message with this packet id is durable and everything before it on this connection is. */
  acked(packetId: number): void;
  /** There is less waiting than before. */
  eased(): void;
  /** The journal will never take this message: there is no honest answer but to close. */
  rejected(error: unknown): void;
}

const ASKED = 0;
const DONE = 1;
const REFUSED = 2;

interface Entry {
  message: NewMessage;
  qos: number;
  state: typeof ASKED | typeof DONE | typeof REFUSED;
}

/** What an entry costs besides its payload, roughly. */
const ENTRY_BYTES = 512;
const RETRY_PAUSES = { minMs: 50, maxMs: 2_000 };

/**
 * The messages of one connection between their receipt and their PUBACK, in order of receipt (MQTT-4.6.0-2).
 *
 * While the journal takes messages, they are handed over as they come. When it refuses one, nothing more is handed
 * over until the first unacknowledged message is taken on a retry; then those behind it follow again, also those that
 * had been taken out of order, marked DUP: what a client would do after a reconnect, so the order of a device's words
 * in the journal is the order in which it said them. QoS 0 is never repeated.
 */
export class AckQueue {
  readonly #deps: AckQueueDeps;
  readonly #owner: AckOwner;
  #entries: (Entry | undefined)[] = [];
  #first = 0;
  #asked = 0;
  /** The journal refused a message that is not acknowledged yet. */
  #holding = false;
  /** The first message is being tried again, alone. */
  #probing = false;
  #retries = 0;
  #cancelRetry: (() => void) | null = null;
  #closed = false;
  /** Payload bytes and overhead of what waits. */
  bytes = 0;

  constructor(deps: AckQueueDeps, owner: AckOwner) {
    this.#deps = deps;
    this.#owner = owner;
  }

  get size(): number {
    return this.#entries.length - this.#first;
  }

  push(message: NewMessage, qos: number): void {
    if (this.#holding && qos === 0) {
      this.#deps.counts.qos0Dropped += 1;
      return;
    }
    const entry: Entry = { message, qos, state: REFUSED };
    const cost = message.raw.length + ENTRY_BYTES;
    this.#entries.push(entry);
    this.bytes += cost;
    this.#deps.budget.take(cost);
    if (!this.#holding) this.#ask(entry);
  }

  /** The connection is gone: what the journal has not been asked for is forgotten, unacknowledged. */
  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    if (this.#asked === 0) this.#release();
  }

  #ask(entry: Entry): void {
    entry.state = ASKED;
    this.#asked += 1;
    this.#deps.counts.asked += 1;
    this.#call(entry.message).then(
      () => this.#settle(entry, DONE),
      (error: unknown) => this.#settle(entry, REFUSED, error),
    );
  }

  /** A throw is an answer like a rejection. */
  #call(message: NewMessage): Promise<Receipt> {
    try {
      return this.#deps.accept(message);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #settle(entry: Entry, state: typeof DONE | typeof REFUSED, error?: unknown): void {
    this.#asked -= 1;
    this.#deps.counts.asked -= 1;
    entry.state = state;
    if (state === REFUSED) this.#refused(entry, error);
    if (this.#closed) {
      if (this.#asked === 0) this.#release();
      return;
    }
    if (this.#probing) {
      this.#probing = false;
      if (state === DONE) this.#follow();
    }
    this.#drain();
    if (this.#holding && this.#asked === 0) this.#probeLater();
  }

  #refused(entry: Entry, error: unknown): void {
    this.#deps.counts.refused += 1;
    if (entry.qos === 0) {
      this.#deps.counts.qos0Dropped += 1;
      entry.state = DONE;
      return;
    }
    this.#holding = true;
    if (!this.#closed && error instanceof CitywatchError && !error.retryable && error.code !== 'internal') {
      this.#owner.rejected(error);
    }
  }

  /** Acknowledges what is durable from the front on. */
  #drain(): void {
    let freed = 0;
    for (;;) {
      const entry = this.#entries[this.#first];
      if (entry === undefined || entry.state !== DONE) break;
      this.#entries[this.#first] = undefined;
      this.#first += 1;
      freed += entry.message.raw.length + ENTRY_BYTES;
      if (entry.qos > 0) this.#owner.acked(entry.message.packetId);
    }
    if (freed === 0) return;
    if (this.#first === this.#entries.length) {
      this.#entries = [];
      this.#first = 0;
    } else if (this.#first > COMPACT_AT) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    this.bytes -= freed;
    this.#deps.budget.give(freed);
    this.#owner.eased();
  }

  /** Nothing is under way: the first message is tried again after a pause. */
  #probeLater(): void {
    const pauseMs = jittered(backoffMs(RETRY_PAUSES, this.#retries), this.#deps.random ?? systemRandom);
    this.#retries += 1;
    this.#cancelRetry = this.#deps.clock.after(pauseMs, () => {
      const head = this.#entries[this.#first];
      if (head === undefined) return;
      this.#probing = true;
      this.#ask(head);
    });
  }

  /** The journal took the first message again: the others go after it, in order. */
  #follow(): void {
    this.#holding = false;
    this.#retries = 0;
    for (const entry of this.#entries.slice(this.#first + 1)) {
      if (entry === undefined || entry.qos === 0) continue;
      if (entry.state === DONE) entry.message = { ...entry.message, dup: true };
      this.#ask(entry);
    }
  }

  #release(): void {
    const { bytes } = this;
    this.bytes = 0;
    this.#entries = [];
    this.#first = 0;
    this.#deps.budget.give(bytes);
  }
}

const COMPACT_AT = 1_000;

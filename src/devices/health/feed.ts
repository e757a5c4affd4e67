import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { DeviceId } from '../../core/types.ts';
import type { DeviceHealth, HealthBook } from './book.ts';
import type { Health } from './judge.ts';

/** Changes that are remembered for readers that come back: a district that goes dark, and comes back. */
const RECENT_MAX = 20_000;
const READ_MAX = 500;

/** A device is in another health than before; what only explains it otherwise is none. */
export interface HealthChange {
  seq: number;
  device: DeviceId;
  atMs: number;
  /** Null for a device of which nothing was told yet, or that did not stand. */
  from: Health | null;
  /** As it was then; null for one that does not stand any more. */
  now: DeviceHealth | null;
}

export interface HealthFeedDeps {
  book: Pick<HealthBook, 'of' | 'healthOf'>;
  clock: Clock;
}

/**
 * Which devices went offline, came back or turned otherwise, as it happens, in memory: who missed too much reads the
 * list instead. Whom a change may be told is not decided here.
 */
export class HealthFeed {
  /** Names this run of the gateway: a place in another one means nothing here. */
  readonly epoch: string = randomUUID();
  readonly #deps: HealthFeedDeps;
  readonly #told = new Map<DeviceId, Health>();
  #recent: HealthChange[] = [];
  #seq = 0;
  readonly #waiting = new Set<() => void>();
  readonly #stopped = new AbortController();

  constructor(deps: HealthFeedDeps) {
    this.#deps = deps;
  }

  /** The place of a reader that begins now. */
  get head(): number {
    return this.#seq;
  }

  /** For the start: what is told from here on is what turns after it. */
  begin(devices: Iterable<DeviceId>): void {
    const { book } = this.#deps;
    this.#recent = [];
    for (const device of devices) {
      const health = book.healthOf(device);
      if (health !== null && health !== 'unknown') this.#told.set(device, health);
    }
  }

  /** A device is judged otherwise than before, or no more. Never throws. */
  judged(device: DeviceId): void {
    const { book, clock } = this.#deps;
    const [from, to] = [this.#told.get(device) ?? null, book.healthOf(device)];
    if (from === to) return;
    if (to === null) this.#told.delete(device);
    else this.#told.set(device, to);
    this.#seq += 1;
    this.#recent.push({ seq: this.#seq, device, atMs: clock.nowMs(), from, now: book.of(device) });
    // Cut by halves: each change costs the same, however many are remembered.
    if (this.#recent.length >= 2 * RECENT_MAX) this.#recent = this.#recent.slice(-RECENT_MAX);
    for (const wake of this.#waiting) wake();
  }

  /**
   * Changes after `seq`, at most 500, waiting until there are some; none when `signal` ends the wait. Null where some
   * of them are remembered no more.
   */
  async next(seq: number, signal: AbortSignal): Promise<HealthChange[] | null> {
    while (seq >= this.#seq && !signal.aborted && !this.#stopped.signal.aborted) await this.#grown(signal);
    const first = this.#recent[0]?.seq ?? this.#seq + 1;
    if (seq + 1 < first) return null;
    if (signal.aborted || this.#stopped.signal.aborted) return [];
    return this.#recent.slice(seq + 1 - first, seq + 1 - first + READ_MAX);
  }

  stop(): void {
    this.#stopped.abort();
    for (const wake of this.#waiting) wake();
  }

  #grown(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

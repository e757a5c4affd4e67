import { FeedConnection, type Heard } from './connection.ts';

/** What a window says to whoever keeps the connection. */
export type Said =
  /** It is here, for `who`; said again and again, because no window tells when it is gone for good. */
  { type: 'here'; who: string } | { type: 'again' } | { type: 'bye' };

/** A window that says nothing for so long is gone, or frozen: browsers wake the timers of hidden ones once a minute. */
const GONE_MS = 150_000;

/**
 * One connection for many windows. A window that comes, and one that was taken for gone, is told to read its list anew;
 * so nothing is kept for a tab that sleeps for a night.
 */
export class Hub {
  readonly #windows = new Map<object, { tell: (heard: Heard) => void; saidMs: number }>();
  readonly #connection = new FeedConnection((heard) => this.#tellAll(heard));
  #who: string | null = null;

  hear(window: object, said: Said, tell: (heard: Heard) => void): void {
    if (said.type === 'again') this.#connection.again();
    else if (said.type === 'bye') this.#windows.delete(window);
    else this.#welcome(window, said.who, tell);
    this.#sweep();
  }

  #welcome(window: object, who: string, tell: (heard: Heard) => void): void {
    // It carries what the person at its beginning may see.
    if (who !== this.#who) this.#connection.stop();
    this.#who = who;
    const isKnown = this.#windows.has(window);
    this.#windows.set(window, { tell, saidMs: Date.now() });
    if (!isKnown && this.#connection.stands) tell({ type: 'stands', fresh: true });
    this.#connection.start();
  }

  #tellAll(heard: Heard): void {
    this.#sweep();
    for (const { tell } of this.#windows.values()) tell(heard);
  }

  #sweep(): void {
    for (const [window, { saidMs }] of this.#windows) {
      if (Date.now() - saidMs > GONE_MS) this.#windows.delete(window);
    }
    if (this.#windows.size === 0) this.#connection.stop();
  }
}

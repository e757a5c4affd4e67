import { StreamFailure } from '../types.ts';

interface Waiter {
  met: () => boolean;
  resolve: () => void;
  reject: (failure: StreamFailure) => void;
}

/** Who waits for something of the pictures of one pull. */
export class Waiters {
  readonly #all = new Set<Waiter>();

  /** Resolves when `met` holds at a {@link look}; rejects with a {@link StreamFailure}: `timeout` at `signal`. */
  wait(met: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const aborted = () => waiter.reject(new StreamFailure('timeout'));
      const leave = () => {
        this.#all.delete(waiter);
        signal.removeEventListener('abort', aborted);
      };
      const waiter: Waiter = {
        met,
        resolve: () => {
          leave();
          resolve();
        },
        reject: (failure) => {
          leave();
          reject(failure);
        },
      };
      this.#all.add(waiter);
      if (signal.aborted) aborted();
      else signal.addEventListener('abort', aborted, { once: true });
    });
  }

  /** Something came. */
  look(): void {
    for (const waiter of [...this.#all]) if (waiter.met()) waiter.resolve();
  }

  /** Nothing comes, and why. */
  fail(failure: StreamFailure): void {
    for (const waiter of [...this.#all]) waiter.reject(failure);
  }
}

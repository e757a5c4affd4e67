import { CitywatchError } from '../../core/errors.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';

/** Somebody waits for it, or nobody does. */
export type Lane = 'single' | 'batch';

export interface PlaceLimits {
  /** Checks that go on at the same time. */
  total: number;
  /** Of them in one subnet (IPv4: /24, IPv6: /64): a radio link or a switch bears no more. */
  perSubnet: number;
  /** What batches leave free of each, for who stands under a pole. */
  kept: number;
}

/** The limits of a gateway: two cores decode the pictures of about so many in time. */
export const CHECK_PLACES: PlaceLimits = { total: 26, perSubnet: 8, kept: 2 };

/** Shares out how many checks go on at once, in all and in one subnet. */
export class CheckPlaces {
  readonly #limits: PlaceLimits;
  readonly #bySubnet = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #busy = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /** Takes a place at once; returns how to give it back. Errors: `request.rate` where there is none. */
  enter(subnet: string): () => void {
    if (this.#mayEnter(subnet, 'single')) return this.#enter(subnet);
    throw new CitywatchError('request.rate', {
      retryAfterS: 5,
      detail: `As many checks as subnet ${subnet} or this gateway bears go on; try again in a moment.`,
    });
  }

  /** Waits for a place of those that batches may have. Rejects when `signal` is aborted. */
  async wait(subnet: string, signal: AbortSignal): Promise<() => void> {
    while (!this.#mayEnter(subnet, 'batch')) {
      let wake = () => {};
      const left = new Promise<void>((resolve) => {
        wake = resolve;
      });
      this.#waiting.add(wake);
      await orAborted(left, signal).finally(() => this.#waiting.delete(wake));
    }
    return this.#enter(subnet);
  }

  #mayEnter(subnet: string, lane: Lane): boolean {
    const { total, perSubnet, kept } = this.#limits;
    const off = lane === 'batch' ? kept : 0;
    return this.#busy < total - off && (this.#bySubnet.get(subnet) ?? 0) < perSubnet - off;
  }

  #enter(subnet: string): () => void {
    this.#count(subnet, 1);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#count(subnet, -1);
      for (const wake of [...this.#waiting]) wake();
    };
  }

  #count(subnet: string, change: 1 | -1): void {
    this.#busy += change;
    const count = (this.#bySubnet.get(subnet) ?? 0) + change;
    if (count > 0) this.#bySubnet.set(subnet, count);
    else this.#bySubnet.delete(subnet);
  }
}

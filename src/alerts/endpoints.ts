/** Attempts under way to one receiver that answers; fewer than there are workers, so that one never has them all. */
const AT_ONCE_MAX = 32;

/** What an attempt may do: go ahead, wait for its turn, or wait as after a failure of its own. */
export type Turn = 'go' | 'crowded' | 'failing';

interface Endpoint {
  underWay: number;
  failing: boolean;
}

/**
 * How each receiver is doing, as far as this process knows. One that fails gets one attempt at a time until it answers
 * again: a receiver that hangs for ten seconds each time must not hold up the deliveries to all others.
 */
export class Endpoints {
  readonly #known = new Map<string, Endpoint>();

  /** Asks for a turn; after `go` the attempt ends with {@link ended}. `forced` goes past a failing receiver. */
  enter(id: string, forced: boolean): Turn {
    const endpoint = this.#known.get(id) ?? { underWay: 0, failing: false };
    if (endpoint.failing && endpoint.underWay > 0 && !forced) return 'failing';
    if (endpoint.underWay >= AT_ONCE_MAX) return 'crowded';
    endpoint.underWay += 1;
    this.#known.set(id, endpoint);
    return 'go';
  }

  /** Returns whether the receiver answers again after it had failed. */
  ended(id: string, answered: boolean): boolean {
    const endpoint = this.#known.get(id);
    if (!endpoint) return false;
    const isBack = endpoint.failing && answered;
    endpoint.underWay -= 1;
    endpoint.failing = !answered;
    // What is not known is taken to be well, so the map holds only what is under way or failing.
    if (endpoint.underWay === 0 && !endpoint.failing) this.#known.delete(id);
    return isBack;
  }

  /** Forgets a receiver that nothing is sent to any more. */
  forget(id: string): void {
    if (this.#known.get(id)?.underWay === 0) this.#known.delete(id);
  }
}

/** Attempts under way to one receiver that answers. */
const AT_ONCE_MAX = 32;
/** Keys that may wait for a turn with one receiver: three rounds of attempts, well within a claim. */
const LINE_MAX = 96;
/** From here on no more keys of a receiver are claimed, so that one that is slow never holds them all. */
const CROWDED_FROM = 64;
/** Down here they are claimed again: as many as may be under way. */
const CROWDED_TO = 32;

/** What an attempt may do: go ahead, come again soon, or wait as after a failure of its own. */
export type Turn = 'go' | 'crowded' | 'failing';

interface Endpoint {
  underWay: number;
  failing: boolean;
  crowded: boolean;
  line: ((turn: Turn) => void)[];
}

/**
 * How each receiver is doing, as far as this process knows. One that fails gets one attempt at a time until it answers
 * again: a receiver that hangs for ten seconds each time must not hold up the deliveries to all others.
 */
export class Endpoints {
  readonly #known = new Map<string, Endpoint>();

  /** Waits for a turn; after `go` the attempt ends with {@link ended}. `forced` goes past a failing receiver. */
  async enter(id: string, forced: boolean): Promise<Turn> {
    const endpoint = this.#known.get(id) ?? { underWay: 0, failing: false, crowded: false, line: [] };
    this.#known.set(id, endpoint);
    if (endpoint.failing && endpoint.underWay > 0 && !forced) return 'failing';
    if (endpoint.underWay >= AT_ONCE_MAX) {
      if (endpoint.line.length >= LINE_MAX) return 'crowded';
      return await new Promise((resolve) => endpoint.line.push(resolve));
    }
    endpoint.underWay += 1;
    return 'go';
  }

  /** Returns whether the receiver answers again after it had failed. */
  ended(id: string, answered: boolean): boolean {
    const endpoint = this.#known.get(id);
    if (!endpoint) return false;
    const isBack = endpoint.failing && answered;
    endpoint.underWay -= 1;
    endpoint.failing = !answered;
    if (endpoint.failing) {
      for (const take of endpoint.line.splice(0)) take('failing');
    } else {
      const next = endpoint.line.shift();
      if (next) endpoint.underWay += 1;
      next?.('go');
    }
    // What is not known is taken to be well, so the map holds only what is under way or failing.
    if (endpoint.underWay === 0 && !endpoint.failing) this.#known.delete(id);
    return isBack;
  }

  /** Receivers of which enough is held already. */
  crowded(): string[] {
    for (const endpoint of this.#known.values()) {
      const held = endpoint.underWay + endpoint.line.length;
      endpoint.crowded = held >= (endpoint.crowded ? CROWDED_TO : CROWDED_FROM);
    }
    return [...this.#known].filter(([, { crowded }]) => crowded).map(([id]) => id);
  }

  /** Forgets a receiver that nothing is sent to any more. */
  forget(id: string): void {
    if (this.#known.get(id)?.underWay === 0) this.#known.delete(id);
  }
}

import { orAborted } from '../../../core/mechanisms/abort.ts';

export interface SubnetLimits {
  /** Requests under way in one subnet. */
  perSubnet: number;
  /** So many more where a person waits: what hangs there must not hold up who stops a moving head. */
  forPeople: number;
  /** Requests that wait for a place in one subnet. */
  waitingMax: number;
}

interface Subnet {
  busy: number;
  waiting: Waiting[];
}

interface Waiting {
  go(): void;
  /** Requests under way beside which it may begin. */
  beside: number;
}

/** Places for requests, so many in each subnet; of those who may begin who comes first is served first. */
export class SubnetPlaces {
  readonly #limits: SubnetLimits;
  readonly #subnets = new Map<string, Subnet>();
  /** Requests that wait, in all subnets. */
  waiting = 0;

  constructor(limits: SubnetLimits) {
    this.#limits = limits;
  }

  /** Requests under way, in all subnets. */
  get busy(): number {
    return [...this.#subnets.values()].reduce((sum, { busy }) => sum + busy, 0);
  }

  /**
   * A place; resolves with how to give it back, or with null where too many wait already. Rejects with the reason of
   * `signal` once that is aborted.
   */
  async enter(subnet: string, forPerson: boolean, signal: AbortSignal): Promise<(() => void) | null> {
    const { perSubnet, forPeople, waitingMax } = this.#limits;
    const max = perSubnet + (forPerson ? forPeople : 0);
    const here = this.#subnets.get(subnet) ?? { busy: 0, waiting: [] };
    this.#subnets.set(subnet, here);
    if (here.busy < max) {
      here.busy += 1;
      return this.#leaving(subnet, here);
    }
    if (here.waiting.length >= waitingMax) return null;
    let go = () => {};
    const turn = new Promise<void>((resolve) => {
      go = resolve;
    });
    const waiting = { go, beside: max - 1 };
    here.waiting.push(waiting);
    this.waiting += 1;
    try {
      await orAborted(turn, signal);
    } catch (reason) {
      const at = here.waiting.indexOf(waiting);
      // Given a place in the moment in which it gave up: the place goes on to the next one.
      if (at < 0) this.#leaving(subnet, here)();
      else here.waiting.splice(at, 1);
      throw reason;
    } finally {
      this.waiting -= 1;
    }
    return this.#leaving(subnet, here);
  }

  /** Gives the place to who waits longest of those that may have it. */
  #leaving(subnet: string, here: Subnet): () => void {
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      here.busy -= 1;
      const at = here.waiting.findIndex(({ beside }) => here.busy <= beside);
      const [next] = at < 0 ? [] : here.waiting.splice(at, 1);
      if (next) {
        here.busy += 1;
        next.go();
      } else if (here.busy === 0) {
        this.#subnets.delete(subnet);
      }
    };
  }
}

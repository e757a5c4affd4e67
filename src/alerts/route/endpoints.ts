/** Attempts under way to one endpoint that answers. */
const AT_ONCE_MAX = 32;
/** Keys that may wait for a turn with one endpoint: three rounds of attempts, well within a claim. */
const LINE_MAX = 96;
/**
 * A step of urgency counts in the line as having come so much earlier, ms: what is new of grave alerts goes ahead, and
 * nothing waits for ever.
 */
const STEP_MS = 1_000;
/** From here on no more keys of an endpoint are claimed, so that one that is slow never holds them all. */
const CROWDED_FROM = 64;
/** Down here they are claimed again: as many as may be under way. */
const CROWDED_TO = 32;

/** What an attempt may do: go ahead, come again soon, or wait as after a failure of its own. */
export type Turn = 'go' | 'crowded' | 'failing';

/** A subscription and the endpoint that its entries go to; several may share one. */
export interface EndpointGate {
  endpoint: string;
  subscription: string;
}

/** What somebody asks for who wants to send. */
export interface Asked {
  /** Past an endpoint that is failing. */
  forced: boolean;
  /** 1 is the most urgent; see `urgencyOf`. */
  urgency: number;
}

interface InLine {
  take: (turn: Turn) => void;
  /** By the monotonic clock, ms: the earliest goes first. */
  rank: number;
}

interface Endpoint {
  underWay: number;
  failing: boolean;
  /** It asked to be left alone until then, by the monotonic clock. */
  notBeforeMs: number;
  crowded: boolean;
  line: InLine[];
  /** Those whose entries were tried here since it was known. */
  subscriptions: Set<string>;
}

/**
 * How each endpoint is doing, as far as this process knows. One that fails gets one attempt at a time until it answers
 * again: one that hangs for ten seconds each time must not hold up the deliveries to all others.
 */
export class Endpoints {
  readonly #monotonicMs: () => number;
  readonly #known = new Map<string, Endpoint>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Waits for a turn; after `go` the attempt ends with {@link ended}. */
  async enter({ endpoint: key, subscription }: EndpointGate, { forced, urgency }: Asked): Promise<Turn> {
    const endpoint = this.#known.get(key) ?? fresh();
    this.#known.set(key, endpoint);
    endpoint.subscriptions.add(subscription);
    const isAlone = endpoint.underWay === 0 && this.leftAloneMs(key) === 0;
    if (endpoint.failing && !isAlone && !forced) return 'failing';
    if (endpoint.underWay >= AT_ONCE_MAX) {
      if (endpoint.line.length >= LINE_MAX) return 'crowded';
      const rank = this.#monotonicMs() + urgency * STEP_MS;
      return await new Promise((take) => endpoint.line.push({ take, rank }));
    }
    endpoint.underWay += 1;
    return 'go';
  }

  /** For how many whole ms the endpoint is still to be left alone, because it asked for that. */
  leftAloneMs(key: string): number {
    return Math.ceil(Math.max(0, (this.#known.get(key)?.notBeforeMs ?? 0) - this.#monotonicMs()));
  }

  /**
   * After an attempt; `leaveAloneMs` is what the endpoint asked for. Returns the subscriptions that go on now, where it
   * answers again after it had failed.
   */
  ended(key: string, answered: boolean, leaveAloneMs = 0): string[] {
    const endpoint = this.#known.get(key);
    if (!endpoint) return [];
    const back = endpoint.failing && answered ? [...endpoint.subscriptions] : [];
    endpoint.underWay -= 1;
    endpoint.failing = !answered;
    endpoint.notBeforeMs = answered ? 0 : this.#monotonicMs() + leaveAloneMs;
    if (endpoint.failing) {
      for (const { take } of endpoint.line.splice(0)) take('failing');
    } else {
      const next = takeFirst(endpoint.line);
      if (next) endpoint.underWay += 1;
      next?.take('go');
    }
    // What is not known is taken to be well, so the map holds only what is under way or failing.
    if (endpoint.underWay === 0 && !endpoint.failing) this.#known.delete(key);
    return back;
  }

  /** Subscriptions of which enough is held already. */
  crowded(): string[] {
    for (const endpoint of this.#known.values()) {
      const held = endpoint.underWay + endpoint.line.length;
      endpoint.crowded = held >= (endpoint.crowded ? CROWDED_TO : CROWDED_FROM);
    }
    return [...this.#known.values()].flatMap(({ crowded, subscriptions }) => (crowded ? [...subscriptions] : []));
  }

  /** Forgets a subscription that nothing is sent to any more, and its endpoint where no other has it. */
  forget(subscription: string): void {
    for (const [key, { subscriptions, underWay }] of this.#known) {
      if (subscriptions.delete(subscription) && subscriptions.size === 0 && underWay === 0) this.#known.delete(key);
    }
  }
}

/** Who came first goes first among those of one rank. */
function takeFirst(line: InLine[]): InLine | undefined {
  let first = 0;
  for (const [at, { rank }] of line.entries()) if (rank < line[first]!.rank) first = at;
  return line.splice(first, 1)[0];
}

function fresh(): Endpoint {
  return { underWay: 0, failing: false, notBeforeMs: 0, crowded: false, line: [], subscriptions: new Set() };
}

import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { BoundedMap, TokenBucket } from '../../core/mechanisms/bounded.ts';

export interface OrderLimits {
  /** Orders of one viewer that are carried out each second, over all connections. */
  perS: number;
  /** So many may come at once, as when a wall of pictures opens. After as many refused in a row it is a flood. */
  atOnce: number;
  /** Viewers whose orders are counted at the same time; who gave none for longest is forgotten. */
  viewersMax: number;
}

/** What becomes of one more order: it is carried out, refused with an error to tell, or one too many of those. */
export type Paced = 'taken' | 'flood' | { refused: CitywatchError };

/** How fast viewers may give orders: each costs a question of rights, and may cost a row of the register and a pull. */
export class OrderPace {
  readonly #clock: Clock;
  readonly #limits: OrderLimits;
  readonly #viewers: BoundedMap<string, { bucket: TokenBucket; refused: number }>;

  constructor(clock: Clock, limits: OrderLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#viewers = new BoundedMap(limits.viewersMax);
  }

  /** Counts an order of `viewer`, who has the same name on every connection. What is refused is `request.rate`. */
  take(viewer: string): Paced {
    const { perS, atOnce } = this.#limits;
    const nowMs = this.#clock.monotonicMs();
    const known = this.#viewers.get(viewer) ?? { bucket: new TokenBucket(perS, atOnce, nowMs), refused: 0 };
    const waitMs = known.bucket.take(1, nowMs);
    known.refused = waitMs > 0 ? known.refused + 1 : 0;
    this.#viewers.set(viewer, known);
    if (waitMs === 0) return 'taken';
    if (known.refused > atOnce) return 'flood';
    const detail = `At most ${perS} orders a second, and ${atOnce} at once.`;
    return { refused: new CitywatchError('request.rate', { detail, retryAfterS: Math.ceil(waitMs / 1000) }) };
  }
}

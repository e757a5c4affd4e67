import { CitywatchError } from '../../core/errors.ts';
import type { View } from '../pool/types.ts';

export interface SeatLimits {
  /** Players at the same time. */
  sessionsMax: number;
  /** The same of one viewer. */
  perViewerMax: number;
}

/** How many players there may be, in all and of one viewer. */
export class Seats {
  readonly #limits: SeatLimits;
  readonly #ofViewers = new Map<string, number>();
  #taken = 0;

  constructor(limits: SeatLimits) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Takes one and answers how to give it back, once or more often. Errors: `stream.full`, with the cause. */
  enter({ type, id }: View['viewer']): () => void {
    const { sessionsMax, perViewerMax } = this.#limits;
    const key = `${type}:${id}`;
    const own = this.#ofViewers.get(key) ?? 0;
    const refuse = (detail: string) => new CitywatchError('stream.full', { detail, retryAfterS: 10 });
    if (own >= perViewerMax) throw refuse(`At most ${perViewerMax} players of one viewer at once.`);
    if (this.#taken >= sessionsMax) throw refuse(`At most ${sessionsMax} players at once.`);
    this.#change(key, 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.#change(key, -1);
      isTaken = false;
    };
  }

  #change(key: string, by: 1 | -1): void {
    this.#taken += by;
    const own = (this.#ofViewers.get(key) ?? 0) + by;
    if (own > 0) this.#ofViewers.set(key, own);
    else this.#ofViewers.delete(key);
  }
}

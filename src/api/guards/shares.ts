import type { FastifyReply } from 'fastify';
import { CitywatchError } from '../../core/errors.ts';
import { districtOf } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';

export interface ShareLimits {
  /** What may go on at the same time, of all callers. */
  total: number;
  /** The same of one caller. */
  perCaller: number;
  /** When a refused caller may ask again. */
  retryAfterS: number;
}

/**
 * Shares work that is dear among callers and districts. A district that has n places gets one more only while more
 * than n are free. So one district never holds more than half, several leave something for the next, and one that
 * has none is refused only when all places are taken. Nothing waits: who is refused asks again.
 */
export class Shares {
  readonly #limits: ShareLimits;
  readonly #byCaller = new Map<string, number>();
  readonly #byDistrict = new Map<string, number>();
  #busy = 0;

  constructor(limits: ShareLimits) {
    this.#limits = limits;
  }

  /** Takes a place and answers how to give it back, once or more often. Errors: `request.rate`, with the cause. */
  enter(caller: Pick<Caller, 'type' | 'id' | 'jurisdiction'>): () => void {
    const { total, perCaller, retryAfterS } = this.#limits;
    const key = `${caller.type}:${caller.id}`;
    const district = districtOf(caller.jurisdiction);
    const refuse = (detail: string) => new CitywatchError('request.rate', { retryAfterS, detail });
    if ((this.#byCaller.get(key) ?? 0) >= perCaller) {
      throw refuse(`At most ${perCaller} of these at once for one caller; wait until one of yours has ended.`);
    }
    if (this.#busy >= total) throw refuse('Too many at once; ask again.');
    if ((this.#byDistrict.get(district) ?? 0) >= total - this.#busy) {
      throw refuse(`District ${district} has its share of places already; wait until one of its own has ended.`);
    }
    this.#count(key, district, 1);
    let inside = true;
    return () => {
      if (inside) this.#count(key, district, -1);
      inside = false;
    };
  }

  /** Runs `work` in a place, also when the client that asked for it has gone. Errors: `request.rate`. */
  async run<Result>(caller: Caller, work: () => Promise<Result>): Promise<Result> {
    const leave = this.enter(caller);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Holds a place until the request is answered or its client has gone. Errors: `request.rate`. */
  enterUntilAnswered(caller: Caller, reply: FastifyReply): void {
    const leave = this.enter(caller);
    // 'close' and not only 'finish': a client that hangs up early never finishes.
    reply.raw.once('finish', leave).once('close', leave);
  }

  #count(key: string, district: string, change: 1 | -1): void {
    this.#busy += change;
    add(this.#byCaller, key, change);
    add(this.#byDistrict, district, change);
  }
}

function add(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}

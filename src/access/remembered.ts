import { type Clock, deadline } from '../core/clock.ts';
import { CitywatchError } from '../core/errors.ts';
import { orAborted } from '../core/mechanisms/abort.ts';
import { BoundedMap } from '../core/mechanisms/bounded.ts';
import { Questions } from '../platform/follow/questions.ts';

export interface RememberedDeps<Value> {
  clock: Clock;
  /** Reads those that are in force now, by hash. */
  read(hashes: string[]): Promise<Map<string, Value>>;
  /** While PostgreSQL does not answer, what was in force counts this long. */
  trustedMs: number;
}

interface Known<Value> {
  value: Value;
  readAtMs: number;
  /** An earlier one than ours: something has ended since it was read, perhaps this. */
  epoch: number;
}

const KNOWN_MAX = 10_000;
/**
 * Another process may have ended it, and its word of that may be lost: what was read is trusted this long. With an
 * answer that is remembered for 5 s, what was withdrawn is refused within 10 s.
 */
const FRESH_MS = 5_000;
/** A database that hangs answers nobody for half a minute: who is known is not kept waiting for it. */
const ANSWER_MS = 2_000;

/** Tokens or sessions asked for lately, by hash, so that a request costs no query. */
export class Remembered<Value> {
  readonly #deps: RememberedDeps<Value>;
  readonly #known = new BoundedMap<string, Known<Value>>(KNOWN_MAX);
  readonly #questions: Questions<Value>;
  /** Counts {@link doubt}, so that an answer read before one is not remembered after it. */
  #epoch = 0;

  constructor(deps: RememberedDeps<Value>) {
    this.#deps = deps;
    this.#questions = new Questions({ clock: deps.clock, ask: (hashes) => deps.read(hashes) });
  }

  /** Null for one that is not in force. Rejects with a retryable error where that cannot be found out now. */
  async get(hash: string): Promise<Value | null> {
    const { clock, trustedMs } = this.#deps;
    const known = this.#known.get(hash);
    const counts = (ms: number) =>
      known !== undefined && known.epoch === this.#epoch && clock.monotonicMs() - known.readAtMs < ms;
    if (known && counts(FRESH_MS)) return known.value;
    try {
      const read = this.#read(hash, known !== undefined);
      return await (known && counts(trustedMs) ? this.#soon(read) : read);
    } catch (error) {
      const isAway = error instanceof CitywatchError && error.retryable;
      if (isAway && known && counts(trustedMs)) return known.value;
      throw error;
    }
  }

  /** Rejects as for a database that is away where the answer takes long; it is taken over when it comes. */
  async #soon(read: Promise<Value | null>): Promise<Value | null> {
    const limit = deadline(this.#deps.clock, ANSWER_MS);
    try {
      return await orAborted(read, limit.signal);
    } catch (error) {
      if (limit.signal.aborted) throw new CitywatchError('store.unavailable');
      throw error;
    } finally {
      limit.cancel();
    }
  }

  /** Something has ended or begun, or may have: the next use of any asks the database. */
  doubt(): void {
    this.#epoch += 1;
    this.#questions.forget();
  }

  async #read(hash: string, known: boolean): Promise<Value | null> {
    const epoch = this.#epoch;
    const readAtMs = this.#deps.clock.monotonicMs();
    const value = await this.#questions.ask(hash, { known });
    if (value === null) this.#known.delete(hash);
    else if (epoch === this.#epoch) this.#known.set(hash, { value, readAtMs, epoch });
    return value;
  }
}

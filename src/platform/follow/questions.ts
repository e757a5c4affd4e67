import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { Batches } from '../../core/mechanisms/batches.ts';
import { BoundedMap, TokenBucket } from '../../core/mechanisms/bounded.ts';
import { JoinedByKey } from '../../core/mechanisms/one-at-a-time.ts';

export interface QuestionsDeps<Answer> {
  clock: Clock;
  /** Asks the database for all at once; a key without an answer does not exist. */
  ask(keys: string[]): Promise<Map<string, Answer>>;
}

/** An answer serves this long, also that there is no such thing: whoever guesses is not asked about each time. */
const ANSWER_MS = 5_000;
const ANSWERS_MAX = 10_000;
/** Of all that is not known. A new district that comes at once is within the burst; a flood of guesses is not. */
const PER_S = 100;
const BURST = 1_000;
const TOGETHER_MAX = 200;

interface Given<Answer> {
  answer: Answer | null;
  untilMs: number;
}

/**
 * Asks the database about what is not known in memory before it is refused: another process may have made it a moment
 * ago. However many ask about however much, the database sees one query at a time, for each key one at once and one in
 * five seconds, and for all of them together no more than 100 keys a second.
 */
export class Questions<Answer> {
  readonly #clock: Clock;
  readonly #batches: Batches<string, Answer | null>;
  readonly #bucket: TokenBucket;
  readonly #asking = new JoinedByKey<string, Answer | null>();
  #given = new BoundedMap<string, Given<Answer>>(ANSWERS_MAX);
  /** Counts {@link forget}: an answer to a question of before serves only those who asked it. */
  #epoch = 0;

  constructor({ clock, ask }: QuestionsDeps<Answer>) {
    this.#clock = clock;
    this.#bucket = new TokenBucket(PER_S, BURST, clock.monotonicMs());
    this.#batches = new Batches({
      max: TOGETHER_MAX,
      run: async (keys) => {
        const answers = await ask(keys);
        return keys.map((key) => answers.get(key) ?? null);
      },
    });
  }

  /**
   * Null: there is none, or was none when it was last asked about and nobody can tell now. Rejects with a retryable
   * error where that cannot be found out now: `request.rate` while too much that is not known is asked for, and what
   * the database says when it is away. `known`: it was there before, so it is asked about in any case, and now.
   */
  async ask(key: string, { known = false } = {}): Promise<Answer | null> {
    const given = this.#given.get(key);
    if (given && !known && this.#clock.monotonicMs() < given.untilMs) return given.answer;
    try {
      return await this.#asking.run(`${this.#epoch} ${key}`, () => this.#find(key, known));
    } catch (error) {
      // That there is no such thing is known as well, and goes on being so.
      if (given?.answer === null && error instanceof CitywatchError && error.retryable) return null;
      throw error;
    }
  }

  /** Something was made or ended: what was answered so far counts no more. */
  forget(): void {
    this.#epoch += 1;
    this.#given = new BoundedMap(ANSWERS_MAX);
  }

  async #find(key: string, known: boolean): Promise<Answer | null> {
    const waitMs = known ? 0 : this.#bucket.take(1, this.#clock.monotonicMs());
    if (waitMs > 0) {
      const detail = 'Too many ids or tokens that are not known are being tried.';
      throw new CitywatchError('request.rate', { detail, retryAfterS: Math.ceil(waitMs / 1_000) });
    }
    const epoch = this.#epoch;
    const answer = await this.#batches.add(key);
    if (epoch === this.#epoch) this.#given.set(key, { answer, untilMs: this.#clock.monotonicMs() + ANSWER_MS });
    return answer;
  }
}

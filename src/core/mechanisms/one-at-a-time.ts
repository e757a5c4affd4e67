/**
 * The two meanings of "one at a time". {@link Joined}: whoever asks while a run is under way gets the end of that one,
 * for work whose result serves everybody. {@link InTurn}: everybody's own work is done, one after the other.
 */
export class JoinedByKey<Key, Result = void> {
  readonly #running = new Map<Key, Promise<Result>>();

  /** Starts `work` where nothing is under way for `key`, else joins what is. */
  run(key: Key, work: () => Promise<Result>): Promise<Result> {
    const running = this.#running.get(key);
    if (running) return running;
    const started = work().finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }

  /** Resolves, never rejects, once what is under way now has ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }
}

/** As {@link JoinedByKey} for one kind of work. */
export class Joined<Result = void> {
  readonly #one = new JoinedByKey<null, Result>();

  run(work: () => Promise<Result>): Promise<Result> {
    return this.#one.run(null, work);
  }

  settled(): Promise<void> {
    return this.#one.settled();
  }
}

/** Work of one key is done in the order in which it was asked for; what fails holds up nothing. */
export class InTurnByKey<Key> {
  readonly #last = new Map<Key, Promise<unknown>>();

  run<Result>(key: Key, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const turn = before.then(work);
    const ended = turn
      .catch(() => {})
      .then(() => {
        if (this.#last.get(key) === ended) this.#last.delete(key);
      });
    this.#last.set(key, ended);
    return turn;
  }
}

/** As {@link InTurnByKey} for one kind of work. */
export class InTurn {
  readonly #one = new InTurnByKey<null>();

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#one.run(null, work);
  }
}

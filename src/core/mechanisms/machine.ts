/**
 * A state machine as data: `step` is pure, the caller runs the effects. States and inputs are tagged unions, so the
 * compiler names the case that was forgotten.
 */
export type Step<State, Input, Effect> = (state: State, input: Input) => { state: State; effects: Effect[] };

/** Holds the state of one machine and hands its effects to `run`, in order. An input raised by an effect waits. */
export class Machine<State, Input, Effect> {
  #state: State;
  #busy = false;
  readonly #waiting: Input[] = [];
  readonly #step: Step<State, Input, Effect>;
  readonly #run: (effect: Effect) => void;

  constructor(initial: State, step: Step<State, Input, Effect>, run: (effect: Effect) => void) {
    this.#state = initial;
    this.#step = step;
    this.#run = run;
  }

  get state(): State {
    return this.#state;
  }

  send(input: Input): void {
    this.#waiting.push(input);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        const { state, effects } = this.#step(this.#state, next);
        this.#state = state;
        for (const effect of effects) this.#run(effect);
      }
    } finally {
      this.#busy = false;
    }
  }
}

/** Speeds of a camera's head, each from -1 to 1. */
export interface Velocity {
  pan: number;
  tilt: number;
  zoom: number;
}

export interface HoldDeps {
  move(velocity: Velocity): Promise<unknown>;
  stop(): Promise<unknown>;
  /** Calls `run` every `ms` until the returned function is called. */
  every(ms: number, run: () => void): () => void;
  /** The camera was not moved. */
  failed(error: unknown): void;
}

/** The gateway stops a head that nobody moves any more; this is well within that. */
const AGAIN_MS = 400;

/** Moves a camera as long as something is held, and stops it then. */
export class Hold {
  readonly #deps: HoldDeps;
  #held: string | null = null;
  #quiet: () => void = () => {};
  #underWay: Promise<unknown> = Promise.resolve();
  #isBusy = false;

  constructor(deps: HoldDeps) {
    this.#deps = deps;
  }

  /** `what` is held; the same once more, as keys repeat themselves, changes nothing. */
  press(what: string, velocity: Velocity): void {
    if (this.#held === what) return;
    this.#quiet();
    this.#held = what;
    const say = () => {
      // An answer that is late is not waited for by another.
      if (this.#isBusy) return;
      this.#isBusy = true;
      this.#underWay = this.#deps
        .move(velocity)
        .catch((error: unknown) => this.#fail(what, error))
        .finally(() => {
          this.#isBusy = false;
        });
    };
    say();
    this.#quiet = this.#deps.every(AGAIN_MS, say);
  }

  /** Lets go, of `what` or of anything. The order to stop comes after those to move. */
  release(what: string | null = null): void {
    if (this.#held === null || (what !== null && what !== this.#held)) return;
    this.#let();
    void this.#underWay.then(() => {
      if (this.#held === null) return this.#deps.stop().catch((error: unknown) => this.#deps.failed(error));
    });
  }

  #let(): void {
    this.#held = null;
    this.#quiet();
    this.#quiet = () => {};
  }

  /** Who was refused is not asked again and again. */
  #fail(what: string, error: unknown): void {
    if (this.#held === what) this.#let();
    this.#deps.failed(error);
  }
}

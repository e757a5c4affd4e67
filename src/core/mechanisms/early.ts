/** Work that may be begun before anybody asks for what comes of it, and is done once. */
export class Early<Result> {
  readonly #work: () => Promise<Result>;
  #begun: Promise<Result> | null = null;

  constructor(work: () => Promise<Result>) {
    this.#work = work;
  }

  /** Begins it; what goes wrong is for whoever asks. */
  begin(): void {
    this.get().catch(() => {});
  }

  /** What comes of it; begins it where nobody has. */
  get(): Promise<Result> {
    this.#begun ??= this.#work();
    return this.#begun;
  }
}

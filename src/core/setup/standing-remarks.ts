import { type Clock, deadline } from '../clock.ts';
import { CitywatchError } from '../errors.ts';
import type { Observer } from '../observe.ts';
import type { Remark } from './remarks.ts';

export interface StandingRemarksDeps {
  /** Looks again; the signal is aborted when we stop. */
  look(signal: AbortSignal): Promise<Remark[]>;
  clock: Clock;
  observer: Observer;
}

/** Behind the start: a look runs programs, each of which holds up whoever starts it for some milliseconds. */
const FIRST_AFTER_MS = 250;

/** As long as something is wrong it is looked at this often, so that what somebody mended is seen within a minute. */
const EVERY_MS = 20_000;

/**
 * What is wrong with the parts that the gateway can be without (Redis, InfluxDB, ffmpeg): said at start, named by
 * health until it is mended, and looked at again until then.
 */
export class StandingRemarks {
  readonly #deps: StandingRemarksDeps;
  readonly #ended = new AbortController();
  #remarks: Remark[] = [];
  #looking: Promise<void> = Promise.resolve();
  #cancel = () => {};

  constructor(deps: StandingRemarksDeps) {
    this.#deps = deps;
  }

  /** Looks soon without being waited for: a server that does not answer must hold up nobody. */
  start(): void {
    const next = (): void => {
      this.#looking = this.#look().then(() => {
        if (!this.#ended.signal.aborted && this.#problems().length > 0)
          this.#cancel = this.#deps.clock.after(EVERY_MS, next);
      });
    };
    this.#cancel = this.#deps.clock.after(FIRST_AFTER_MS, next);
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    this.#cancel();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { look, clock, observer } = this.#deps;
    const limit = deadline(clock, EVERY_MS, this.#ended.signal);
    try {
      const found = await look(limit.signal);
      if (this.#ended.signal.aborted) return;
      const before = new Set(this.#remarks.map(({ what }) => what));
      for (const { level, part, what, remedy } of found) {
        if (level === 'fine' || before.has(what)) continue;
        if (level === 'problem') observer.log.error({ part, remedy }, `${what}; going on without it`);
        else observer.log.warn({ part, remedy }, what);
      }
      this.#remarks = found.filter(({ level }) => level !== 'fine');
    } finally {
      limit.cancel();
    }
  }

  #problems(): Remark[] {
    return this.#remarks.filter(({ level }) => level === 'problem');
  }

  /** Rejects with what is wrong with the part and how to mend it. */
  check(part: string): void {
    const wrong = this.#problems().filter((remark) => remark.part === part);
    if (wrong.length === 0) return;
    const detail = wrong.map(({ what, remedy }) => `${what}; ${remedy}`).join('; ');
    throw new CitywatchError('store.unavailable', { detail });
  }
}

import { type Clock, MINUTE_MS } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import { Joined } from '../../../core/mechanisms/one-at-a-time.ts';
import type { Observer } from '../../../core/observe.ts';

export interface DiskWatchDeps {
  clock: Clock;
  observer: Observer;
  /** What is wrong with disks, one sentence each; none while nothing is to be recorded. */
  refusals(): readonly string[];
  /** Raises or ends the alert. Told at each look: the same changes nothing. */
  alert(isWrong: boolean, data: Record<string, string | number>): Promise<void>;
}

const LOOK_MS = 10_000;
/** A disk that fails again and again is one alert. */
const QUIET_MS = MINUTE_MS;
const TEXT_MAX = 500;

/** Tells the desk of disks that fail: those whose trouble two looks in a row find, until a minute without any. */
export class DiskWatch {
  readonly #deps: DiskWatchDeps;
  readonly #looking = new Joined();
  #wasWrong = false;
  #lastWrongMs: number | null = null;
  #stop: () => void = () => {};

  constructor(deps: DiskWatchDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { clock, observer } = this.#deps;
    const told = (error: unknown) =>
      observer.log.warn({ part: 'recorder', error: messageOf(error) }, 'an alert about disks could not be raised');
    this.#stop = clock.every(LOOK_MS, () => void this.#looking.run(() => this.look().catch(told)));
  }

  async stop(): Promise<void> {
    this.#stop();
    await this.#looking.settled();
  }

  async look(): Promise<void> {
    const { clock, refusals, alert } = this.#deps;
    const found = refusals();
    const nowMs = clock.monotonicMs();
    const isSure = found.length > 0 && this.#wasWrong;
    this.#wasWrong = found.length > 0;
    if (isSure) this.#lastWrongMs = nowMs;
    const isQuiet = this.#lastWrongMs === null || nowMs - this.#lastWrongMs > QUIET_MS;
    if (isSure) await alert(true, { disks: found.length, problem: found.join(' ').slice(0, TEXT_MAX) });
    else if (found.length === 0 && isQuiet) await alert(false, { disks: 0, problem: '' });
  }
}

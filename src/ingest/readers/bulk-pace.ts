import type { Clock } from '../../core/clock.ts';

export interface BulkPaceDeps {
  clock: Clock;
  /** Bytes of the live lane that wait to be stored. */
  liveBacklogBytes(): number;
}

/** More than a moment's worth of live data waiting: other work stands back. */
const BACKLOG_BYTES_MAX = 1024 * 1024;
const LOOK_AGAIN_MS = 100;
/** A live lane that stays behind must not stop other work for ever: one piece goes through this often. */
const HELD_MS_MAX = 5_000;
/** Rest after each piece, as a share of the time it took: such work uses at most half of what there is. */
const REST_SHARE = 1;
const REST_MS_MAX = 2_000;

/** Holds what may wait, the bulk lane and roll-ups, back so that live data does not wait for it. */
export class BulkPace {
  readonly #deps: BulkPaceDeps;

  constructor(deps: BulkPaceDeps) {
    this.#deps = deps;
  }

  /** Runs `work` when the live lane has caught up, or has been behind for 5 s; then rests as long as it took. */
  async run<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    const { clock, liveBacklogBytes } = this.#deps;
    const untilMs = clock.monotonicMs() + HELD_MS_MAX;
    while (liveBacklogBytes() > BACKLOG_BYTES_MAX && clock.monotonicMs() < untilMs && !signal.aborted) {
      await clock.sleep(LOOK_AGAIN_MS, signal);
    }
    const startMs = clock.monotonicMs();
    const result = await work();
    await clock.sleep(Math.min(REST_MS_MAX, (clock.monotonicMs() - startMs) * REST_SHARE), signal);
    return result;
  }
}

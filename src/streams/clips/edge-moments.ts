import type { EdgeTaker } from '../edge/replay-packer.ts';
import type { InitSegment } from '../fmp4/parser.ts';
import type { Fragment } from '../fmp4/wall-clock.ts';
import type { Moment } from './moments.ts';

/** Holds what a camera plays back for one clip, up to a limit; beyond it `full` is told, once. */
export class EdgeMoments implements EdgeTaker {
  readonly moments: Moment[] = [];
  readonly #bytesMax: number;
  readonly #full: () => void;
  #run: { init: InitSegment; token: string } | null = null;
  #bytes = 0;

  constructor(bytesMax: number, full: () => void) {
    this.#bytesMax = bytesMax;
    this.#full = full;
  }

  begin(init: InitSegment, token: string): void {
    this.#run = { init, token };
  }

  fragment({ startsAtMs, durationMs, key, data }: Fragment): void {
    if (!this.#run || this.#bytes > this.#bytesMax) return;
    this.#bytes += data.length;
    if (this.#bytes > this.#bytesMax) {
      this.#full();
      return;
    }
    const { init, token: run } = this.#run;
    this.moments.push({
      startsAtMs,
      durationMs,
      key,
      bytes: data.length,
      run,
      init,
      source: 'edge',
      read: async () => data,
    });
  }
}

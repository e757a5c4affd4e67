import { type Clock, DAY_MS } from '../../core/clock.ts';
import { BelievedTime } from '../../core/mechanisms/believed-time.ts';
import type { Disk } from '../recorder/disk.ts';
import { placeOf, type Recordings } from './recordings.ts';

export interface RetentionDeps {
  clock: Clock;
  recordings: Pick<Recordings, 'oldest' | 'forget' | 'dropDaysBefore'>;
  disk: Pick<Disk, 'remove' | 'isReady'>;
  keepDays: number;
}

const AT_ONCE = 500;
/** Files removed by one chore: some minutes of a city of 3,000 cameras; the next chore goes on. */
const CHORE_MAX = 40_000;

/** Removes recordings that are past their time: first the file, then its row, so that no file is forgotten. */
export class Retention {
  readonly #deps: RetentionDeps;
  readonly #believed: BelievedTime;

  constructor(deps: RetentionDeps) {
    this.#deps = deps;
    this.#believed = new BelievedTime(deps.clock);
  }

  async tidy(): Promise<void> {
    const { recordings, disk, keepDays } = this.#deps;
    const beforeMs = this.#believed.nowMs() - keepDays * DAY_MS;
    if (!disk.isReady) return;
    for (let removed = 0; removed < CHORE_MAX; removed += AT_ONCE) {
      const files = await recordings.oldest(beforeMs, AT_ONCE);
      if (files.length > 0) {
        await disk.remove(files.map((file) => placeOf(file).path));
        await recordings.forget(files);
      }
      if (files.length < AT_ONCE) {
        // A day is dropped only where nothing of it is left.
        await recordings.dropDaysBefore(beforeMs);
        return;
      }
    }
  }
}

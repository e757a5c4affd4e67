import { DAY_MS } from '../../core/clock.ts';
import type { Disk } from '../recorder/disk/disk.ts';
import { type KeptDays, RECORDING_CLASSES, type RecordingClass } from './classes.ts';
import { placeOf } from './recording.ts';
import type { Recordings } from './recordings.ts';

export interface RetentionDeps {
  recordings: Pick<Recordings, 'oldest' | 'forget' | 'dropDaysBefore'>;
  disk: Pick<Disk, 'remove' | 'isReady'>;
  keptDays: KeptDays;
}

const AT_ONCE = 500;
/** Files removed by one chore: some minutes of a city of 3,000 cameras; the next chore goes on. */
const CHORE_MAX = 40_000;

/** Removes recordings that are past their time: first the file, then its row, so that no file is forgotten. */
export class Retention {
  readonly #deps: RetentionDeps;

  constructor(deps: RetentionDeps) {
    this.#deps = deps;
  }

  /** `nowMs` is the time that is believed, as what goes is gone. */
  async tidy(nowMs: number): Promise<void> {
    const { recordings, disk, keptDays } = this.#deps;
    if (!disk.isReady) return;
    let room = CHORE_MAX;
    for (const one of RECORDING_CLASSES) room -= await this.#remove(one, nowMs, room);
    if (room > 0) await recordings.dropDaysBefore(nowMs - Math.min(...Object.values(keptDays)) * DAY_MS);
  }

  /** Removes files of a class, at most about `max`, and returns how many. */
  async #remove(one: RecordingClass, nowMs: number, max: number): Promise<number> {
    const { recordings, disk, keptDays } = this.#deps;
    const asked = { of: one, beforeMs: nowMs - keptDays[one] * DAY_MS, atMs: nowMs };
    let removed = 0;
    while (removed < max) {
      const files = await recordings.oldest(asked, AT_ONCE);
      if (files.length > 0) {
        await disk.remove(files.map((file) => placeOf(file).path));
        await recordings.forget(files, nowMs);
      }
      removed += files.length;
      if (files.length < AT_ONCE) break;
    }
    return removed;
  }
}

import { DAY_MS } from '../../core/clock.ts';
import { InTurn } from '../../core/mechanisms/one-at-a-time.ts';
import { Counter, type Observer } from '../../core/observe.ts';
import type { Disk } from '../recorder/disk/disk.ts';
import { type KeptDays, RECORDING_CLASSES } from './classes.ts';
import type { Leaving } from './leaving.ts';
import { placeOf, type Recording } from './recording.ts';
import type { Recordings, Removable } from './recordings.ts';

export interface RetentionDeps {
  observer: Observer;
  recordings: Pick<Recordings, 'oldest' | 'pinned' | 'forget' | 'dropDaysBefore'>;
  leaving: Pick<Leaving, 'choose'>;
  disks: {
    /** Those that can be asked; `active` ones take new files. */
    ready(which: 'all' | 'active'): readonly Pick<Disk, 'name' | 'remove'>[];
  };
  /** Older files are removed where there is too little room. */
  leastDays: KeptDays;
  /** Older files are removed. */
  mostDays: KeptDays;
}

const AT_ONCE = 500;
/** Files removed by one chore: some minutes of a city of 3,000 cameras; the next chore goes on. */
const CHORE_MAX = 40_000;

/**
 * Removes recordings that are past their time: first the file, then its row, so that no file is forgotten. Times are
 * those that are believed (`BelievedTime`), as what goes is gone.
 */
export class Retention {
  readonly #deps: RetentionDeps;
  /** Each removal has the proof of the one before in its own. */
  readonly #turn = new InTurn();
  readonly #removed: Counter<'why'>;

  constructor(deps: RetentionDeps) {
    this.#deps = deps;
    this.#removed = new Counter({
      name: 'citywatch_recording_removed_bytes_total',
      help: 'Bytes of recordings that were removed: past the days of their class, or because room was needed.',
      labelNames: ['why'],
      registers: [deps.observer.metrics],
    });
  }

  /** Removes what is older than its class is kept for at most. */
  tidy(nowMs: number): Promise<void> {
    return this.#turn.run(() => this.#tidy(nowMs));
  }

  /**
   * Removes files that are older than the least of their class, the one that is longest past it first, until so many
   * bytes went or nothing more may go. Returns how many went.
   */
  makeRoom(bytes: number, nowMs: number): Promise<number> {
    return this.#turn.run(() => this.#makeRoom(bytes, nowMs));
  }

  async #tidy(nowMs: number): Promise<void> {
    const { recordings, disks, leastDays, mostDays } = this.#deps;
    let room = CHORE_MAX;
    for (const { name: disk } of disks.ready('all')) {
      for (const of of RECORDING_CLASSES) {
        const beforeMs = nowMs - mostDays[of] * DAY_MS;
        room -= await this.#removeOld({ of, disk, beforeMs, atMs: nowMs }, room);
      }
    }
    if (room > 0) await recordings.dropDaysBefore(nowMs - Math.min(...Object.values(leastDays)) * DAY_MS);
  }

  async #makeRoom(bytes: number, nowMs: number): Promise<number> {
    const { recordings, disks, leastDays } = this.#deps;
    const dueMs = ({ startsAtMs, class: of }: Recording): number => startsAtMs + leastDays[of] * DAY_MS;
    let [gone, count] = [0, 0];
    while (gone < bytes && count < CHORE_MAX) {
      // What goes from a disk that takes nothing new makes no room.
      const asked = disks
        .ready('active')
        .flatMap(({ name: disk }) =>
          RECORDING_CLASSES.map((of) => ({ of, disk, beforeMs: nowMs - leastDays[of] * DAY_MS, atMs: nowMs })),
        );
      const found = await Promise.all(asked.map((one) => recordings.oldest(one, AT_ONCE)));
      const overdue = found.flat().sort((one, other) => dueMs(one) - dueMs(other));
      const some: Recording[] = [];
      let someBytes = 0;
      for (const file of overdue.slice(0, AT_ONCE)) {
        if (gone + someBytes >= bytes) break;
        some.push(file);
        someBytes += file.bytes;
      }
      if (some.length === 0) break;
      gone += await this.#remove(some, nowMs, 'room');
      count += some.length;
    }
    return gone;
  }

  /** Removes files, at most about `max`, and returns how many. */
  async #removeOld(asked: Removable, max: number): Promise<number> {
    let removed = 0;
    while (removed < max) {
      const files = await this.#deps.recordings.oldest(asked, AT_ONCE);
      if (files.length > 0) await this.#remove(files, asked.atMs, 'age');
      removed += files.length;
      if (files.length < AT_ONCE) break;
    }
    return removed;
  }

  /** Removes those not pinned since they were found; returns their bytes. A proof is of files of one class. */
  async #remove(found: readonly Recording[], nowMs: number, why: 'age' | 'room'): Promise<number> {
    const { recordings, leaving, disks, leastDays, mostDays } = this.#deps;
    const files = await leaving.choose(found, nowMs);
    const days = why === 'age' ? mostDays : leastDays;
    for (const disk of disks.ready('all')) {
      const paths = files.filter((file) => file.disk === disk.name).map((file) => placeOf(file).path);
      if (paths.length > 0) await disk.remove(paths);
    }
    for (const of of RECORDING_CLASSES) {
      const some = files.filter((file) => file.class === of);
      if (some.length === 0) continue;
      const pinned = await recordings.pinned({ of, beforeMs: nowMs - days[of] * DAY_MS, atMs: nowMs });
      await recordings.forget(some, { atMs: nowMs, pinned });
      this.#removed.inc({ why }, bytesOf(some));
    }
    return bytesOf(files);
  }
}

function bytesOf(files: readonly Recording[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

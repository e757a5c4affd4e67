import type { Clock } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { Joined, JoinedByKey } from '../../core/mechanisms/one-at-a-time.ts';
import { Gauge, type Observer } from '../../core/observe.ts';
import type { Remark } from '../../core/setup/remarks.ts';
import { type DiskPlace, type DiskVerdict, freeBytesOf, lookAtDisks, ROOM_BYTES } from './disks.ts';
import { keepRoom } from './kept-room.ts';

/** A verdict on a disk as `doctor` and the start say it. */
export function findingOf({ level, what, remedy }: DiskVerdict): Remark {
  return { part: 'disk', level, what, remedy };
}

export interface DiskWatchDeps {
  places: DiskPlace[];
  /** Directories where room is kept for the next start. */
  rooms: readonly string[];
  clock: Clock;
  observer: Observer;
  /** Whether the journal takes nothing more, for whatever reason. */
  journalFull(): boolean;
}

const EVERY_MS = 10_000;
const RETRY_AFTER_S = 60;
/** No disk takes 8 GiB a second, so where so much is free there is room for this long. */
const ROOMY_BYTES = 4 * 1024 ** 3;
const ROOMY_MS = 500;

/** Looks at the disks while the gateway runs: for health, for the metrics, and before each edit. */
export class DiskWatch {
  readonly #deps: DiskWatchDeps;
  #verdicts: DiskVerdict[] = [];
  readonly #looking = new Joined();
  readonly #asking = new JoinedByKey<string, number>();
  /** Until when a place has room for edits without being asked. */
  readonly #roomyUntilMs = new Map<string, number>();
  #cancel = () => {};

  constructor(deps: DiskWatchDeps) {
    this.#deps = deps;
    const verdicts = (): DiskVerdict[] => this.#verdicts;
    const registers = [deps.observer.metrics];
    new Gauge({
      name: 'citywatch_disk_free_bytes',
      labelNames: ['use'],
      registers,
      help: 'Bytes free on the disk that holds the journal, the database, evidence, pictures or telemetry.',
      collect() {
        for (const { uses, freeBytes } of verdicts()) for (const use of uses) this.set({ use }, freeBytes);
      },
    });
    new Gauge({
      name: 'citywatch_disk_refuses',
      labelNames: ['use'],
      registers,
      help: '1 while nothing more of this kind is taken for want of room.',
      collect() {
        for (const { uses, refuses } of verdicts())
          for (const use of uses) this.set({ use }, refuses.includes(use) ? 1 : 0);
      },
    });
    new Gauge({
      name: 'citywatch_disk_sync_seconds',
      registers,
      help: 'How long the disk of the journal took, when last looked at, to make 4 KiB durable.',
      collect() {
        this.set(Math.max(0, ...verdicts().map(({ syncMs }) => syncMs ?? 0)) / 1_000);
      },
    });
  }

  /** Looks at once, and from then on every ten seconds. */
  async start(): Promise<void> {
    await this.look();
    this.#cancel = this.#deps.clock.every(EVERY_MS, () => void this.#looking.run(() => this.look()));
  }

  async stop(): Promise<void> {
    this.#cancel();
    await this.#looking.settled();
  }

  async look(): Promise<void> {
    const { places, rooms, clock, observer } = this.#deps;
    try {
      const verdicts = await lookAtDisks(places, () => clock.monotonicMs());
      const before = new Map(this.#verdicts.map(({ path, level }) => [path, level]));
      for (const { path, level, what, remedy } of verdicts) {
        if (level === (before.get(path) ?? 'fine')) continue;
        if (level === 'problem') observer.log.error({ part: 'disk', remedy }, what);
        else if (level === 'warning') observer.log.warn({ part: 'disk', remedy }, what);
        else observer.log.info({ part: 'disk' }, what);
      }
      this.#verdicts = verdicts;
      await keepRoom(rooms);
    } catch (error) {
      observer.log.warn(
        { part: 'disk', error: messageOf(error) },
        'a disk cannot be looked at, or room for the next start cannot be kept',
      );
    }
  }

  /** For health: rejects with what a disk takes no more of, else tells what somebody should know. */
  check(): string | undefined {
    const wrong = this.#verdicts.filter(({ level }) => level !== 'fine');
    const text = wrong.map(({ what, remedy }) => `${what}; ${remedy}`).join('. ');
    if (wrong.some(({ refuses }) => refuses.length > 0)) throw new CitywatchError('store.full', { detail: text });
    return text || undefined;
  }

  /**
   * An edit is a row and a message in the journal, and both must fit. Errors: `store.full`. The disk is asked each
   * time, since seconds are enough to fill one, but where there was far more room than half a second can take.
   */
  async forEdits(): Promise<void> {
    const { places, clock, journalFull } = this.#deps;
    if (journalFull()) throw noRoom('the journal takes no message');
    for (const { use, path } of places) {
      if (use !== 'journal' && use !== 'database') continue;
      const nowMs = clock.monotonicMs();
      if (nowMs < (this.#roomyUntilMs.get(path) ?? 0)) continue;
      // One that cannot be asked, or that is not made yet, is no reason to refuse.
      const freeBytes = await this.#asking.run(path, () => freeBytesOf(path)).catch(() => Number.POSITIVE_INFINITY);
      if (freeBytes < ROOM_BYTES[use]) throw noRoom(`the disk of the ${use} is full`);
      if (freeBytes - ROOM_BYTES[use] > ROOMY_BYTES) this.#roomyUntilMs.set(path, nowMs + ROOMY_MS);
    }
  }
}

function noRoom(why: string): CitywatchError {
  const detail = `Nothing was changed: ${why}. Make room on the disk, then send it again.`;
  return new CitywatchError('store.full', { detail, retryAfterS: RETRY_AFTER_S });
}

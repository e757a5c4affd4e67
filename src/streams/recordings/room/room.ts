import type { Clock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { BelievedTime } from '../../../core/mechanisms/believed-time.ts';
import { Joined } from '../../../core/mechanisms/one-at-a-time.ts';
import { SayOnce } from '../../../core/mechanisms/say-once.ts';
import { Gauge, type Observer } from '../../../core/observe.ts';
import type { DiskRoom } from '../../recorder/disk/disk-protocol.ts';
import { RECORDING_CLASSES, type RecordingClass } from '../classes.ts';
import { aimBytes, marksOf, type RoomQuota, type RoomSettings, stoppedClasses } from './stops.ts';

export interface RoomDeps {
  clock: Clock;
  observer: Observer;
  /** What the disk said last; null before it said anything. */
  disk: { readonly directory: string; readonly room: DiskRoom | null };
  /** Removes what may go, and tells how many bytes went. */
  retention: { makeRoom(bytes: number, nowMs: number): Promise<number> };
  /** By this it is told what is old. */
  believed: Pick<BelievedTime, 'nowMs'>;
  /** What recordings may take of their disk; null where that is all of it. */
  quota(): RoomQuota | null;
  settings: RoomSettings;
  /** The classes that are not recorded, for whoever asks; only this changes it. */
  stopped: Set<RecordingClass>;
}

/** Says whether something holds that somebody must know of; said again and again while the gateway runs. */
export type TellRoom = (holds: boolean, data: Record<string, string | number>) => Promise<void>;

const LOOK_MS = 2_000;
const MiB = 1024 * 1024;

/**
 * Keeps room on one disk of recordings: where there is too little, what is older than the law asks for is removed;
 * where that is not enough, the lowest class is recorded no more until there is room. So a disk is never filled up.
 */
export class Room {
  readonly #deps: RoomDeps;
  readonly #looking = new Joined();
  readonly #said: SayOnce;
  readonly #telling: SayOnce;
  /** What the disk said before this tells nothing of what was removed; by the clock of durations. */
  #removedAtMs = Number.NEGATIVE_INFINITY;
  #told = false;
  #stopLooking: () => void = () => {};
  #tell: TellRoom = async () => {};

  constructor(deps: RoomDeps) {
    this.#deps = deps;
    this.#said = new SayOnce(deps.clock);
    this.#telling = new SayOnce(deps.clock);
    const { observer } = deps;
    const free = (): number => this.#freeBytes() ?? 0;
    const registers = [observer.metrics];
    new Gauge({
      name: 'citywatch_recording_free_bytes',
      help: 'Bytes that recordings may still take on their disk.',
      registers,
      collect() {
        this.set(free());
      },
    });
    const { stopped } = deps;
    new Gauge({
      name: 'citywatch_recording_stopped',
      help: 'Whether cameras of a class are not recorded because the disk is nearly full and nothing may be removed.',
      labelNames: ['class'],
      registers,
      collect() {
        for (const one of RECORDING_CLASSES) this.set({ class: one }, stopped.has(one) ? 1 : 0);
      },
    });
  }

  /** `tell` says that recordings are kept for less than the law asks: `retention-below-law`. */
  start(tell: TellRoom): void {
    this.#tell = tell;
    this.#stopLooking = this.#deps.clock.every(LOOK_MS, () => void this.look());
  }

  async stop(): Promise<void> {
    this.#stopLooking();
    await this.#looking.settled();
  }

  /** What somebody should know, one sentence with its remedy; null where all classes are recorded. */
  get problem(): string | null {
    const stopped = [...this.#deps.stopped];
    if (stopped.length === 0) return null;
    return (
      `${this.#deps.disk.directory} is nearly full and nothing on it may be removed yet: cameras of class ` +
      `${stopped.join(', ')} are not recorded (retention below law). Use a larger disk, or record fewer cameras.`
    );
  }

  /** Looks at the disk, makes room, and decides who is recorded. Never rejects. */
  look(): Promise<void> {
    return this.#looking.run(() => this.#look());
  }

  async #look(): Promise<void> {
    const { disk, observer } = this.#deps;
    const { room } = disk;
    const freeBytes = this.#freeBytes() ?? 0;
    if (room === null || room.atMs <= this.#removedAtMs) return;
    try {
      await this.#judge(room, freeBytes);
    } catch (error) {
      // The reserve of the disk stands meanwhile, and nobody is stopped because something could not be asked.
      if (this.#said.due()) observer.log.warn({ part: 'recorder', error: messageOf(error) }, 'no room could be made');
    }
    const holds = this.#deps.stopped.size > 0;
    if (!this.#telling.due() && holds === this.#told) return;
    this.#told = holds;
    const data = { free_mib: Math.floor(freeBytes / MiB), classes: [...this.#deps.stopped].join(', ') };
    await this.#tell(holds, data).catch((error: unknown) => {
      observer.log.debug({ part: 'recorder', error: messageOf(error) }, 'will be told again');
    });
  }

  #freeBytes(): number | null {
    const { disk, quota } = this.#deps;
    return disk.room && Math.min(disk.room.freeBytes, quota()?.leftBytes ?? Number.POSITIVE_INFINITY);
  }

  async #judge({ totalBytes }: DiskRoom, freeBytes: number): Promise<void> {
    const { clock, believed, retention, settings, observer, disk, stopped, quota } = this.#deps;
    const marks = marksOf(settings, Math.min(totalBytes, quota()?.bytes ?? Number.POSITIVE_INFINITY));
    let free = freeBytes;
    const isLow = stopped.size > 0 || free < marks.markBytes;
    if (isLow && free < aimBytes(marks)) {
      const removed = await retention.makeRoom(aimBytes(marks) - free, believed.nowMs());
      if (removed > 0) this.#removedAtMs = clock.monotonicMs();
      free += removed;
    }
    const now = stoppedClasses(free, marks, stopped);
    const said = { part: 'recorder', directory: disk.directory, freeBytes: free };
    for (const one of RECORDING_CLASSES) {
      if (now.has(one) === stopped.has(one)) continue;
      if (now.has(one)) {
        stopped.add(one);
        observer.log.error({ ...said, class: one }, 'a class is not recorded: there is no room');
      } else {
        stopped.delete(one);
        observer.log.info({ ...said, class: one }, 'there is room: a class is recorded again');
      }
    }
  }
}

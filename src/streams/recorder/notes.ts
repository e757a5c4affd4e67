import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import { SayOnce } from '../../core/mechanisms/say-once.ts';
import { Counter, type Observer } from '../../core/observe.ts';
import type { GapChange, GapTable } from '../recordings/gap-table.ts';
import { placeOf } from '../recordings/recording.ts';
import type { RecordedFile, Recordings } from '../recordings/recordings.ts';
import type { GapStep } from './camera/gaps.ts';
import type { Wanted } from './camera/wanted.ts';
import type { Disks } from './disk/disks.ts';

export interface NotesDeps {
  clock: Clock;
  observer: Observer;
  recordings: Pick<Recordings, 'add'>;
  gaps: Pick<GapTable, 'write'>;
  disks: Pick<Disks, 'keep' | 'look'>;
}

const FLUSH_MS = 500;
/** Files whose rows wait for the database. More stay where they are on the disk, and are asked for again. */
const FILES_MAX = 20_000;
const HOLES_MAX = 20_000;

/**
 * What is to be written into the database about recordings, kept until it is there. A file is moved to its day only
 * after its row is committed: one that has no row is always found again.
 */
export class Notes {
  readonly #deps: NotesDeps;
  readonly #files: RecordedFile[] = [];
  /** The hole of each camera that began and has not ended. */
  readonly #lasting = new Map<string, GapChange>();
  #holes: GapChange[] = [];
  readonly #flushing = new Joined();
  readonly #said: SayOnce;
  readonly #left: Counter<'what'>;
  #isLeft = false;
  #stopFlush: () => void = () => {};

  constructor(deps: NotesDeps) {
    this.#deps = deps;
    this.#said = new SayOnce(deps.clock, { everyMs: 60_000 });
    this.#left = new Counter({
      name: 'citywatch_recording_notes_left_total',
      help: 'Rows about recordings beyond those that may wait for the database: files are asked for again, holes lost.',
      labelNames: ['what'],
      registers: [deps.observer.metrics],
    });
  }

  start(): void {
    this.#stopFlush = this.#deps.clock.every(FLUSH_MS, () => void this.#sweep());
  }

  /** A file is whole and durable. */
  recorded(file: RecordedFile): void {
    if (this.#files.length < FILES_MAX) {
      this.#files.push(file);
      return;
    }
    this.#isLeft = true;
    this.#left.inc({ what: 'file' });
  }

  holes({ device, quality }: Wanted, steps: readonly GapStep[]): void {
    const key = `${device} ${quality}`;
    for (const step of steps) {
      if (step.type === 'whole') {
        const { fromMs, toMs, reason } = step;
        this.#note({ device, quality, fromMs, toMs, reason });
        continue;
      }
      if (step.type === 'begin') {
        this.#lasting.set(key, { device, quality, fromMs: step.fromMs, toMs: null, reason: step.reason });
      }
      const lasting = this.#lasting.get(key);
      if (!lasting) continue;
      if (step.type === 'because') lasting.reason = step.reason;
      if (step.type === 'end') {
        lasting.toMs = step.toMs;
        this.#lasting.delete(key);
      }
      this.#note({ ...lasting });
    }
  }

  /** A hole that lasts since before this start. */
  lasts(change: GapChange): void {
    this.#lasting.set(`${change.device} ${change.quality}`, { ...change });
  }

  /** Resolves when all that was noted before is in the database. Errors: `store.unavailable`, `lease.lost`. */
  async flush(): Promise<void> {
    // What is under way may have begun before the last was noted.
    await this.#flushing.settled();
    await this.#flushing.run(() => this.#flush());
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#stopFlush();
    const cut = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([this.flush().catch((error: unknown) => this.#complain(error)), cut]);
  }

  async #sweep(): Promise<void> {
    await this.#flushing.run(() => this.#flush()).catch((error: unknown) => this.#complain(error));
  }

  #note(change: GapChange): void {
    this.#holes.push(change);
    if (this.#holes.length <= HOLES_MAX) return;
    this.#holes.shift();
    this.#left.inc({ what: 'hole' });
  }

  async #flush(): Promise<void> {
    const { recordings, gaps, disks } = this.#deps;
    const files = this.#files.slice();
    if (files.length > 0) {
      await recordings.add(files);
      this.#files.splice(0, files.length);
      for (const { head, disk } of files) disks.keep(disk, placeOf(head));
    }
    const holes = this.#holes;
    this.#holes = [];
    try {
      if (holes.length > 0) await gaps.write(holes);
    } catch (error) {
      this.#holes = [...holes, ...this.#holes].slice(-HOLES_MAX);
      throw error;
    }
    if (this.#isLeft && this.#files.length === 0) {
      this.#isLeft = false;
      disks.look();
    }
  }

  #complain(error: unknown): void {
    if (!this.#said.due()) return;
    this.#deps.observer.log.warn(
      { part: 'recorder', error: messageOf(error) },
      'what was recorded is not in the database yet',
    );
  }
}

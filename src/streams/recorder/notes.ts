import { type Clock, MINUTE_MS } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import { SayOnce } from '../../core/mechanisms/say-once.ts';
import { Counter, type Observer } from '../../core/observe.ts';
import { type CoveringFile, type GapChange, type GapTable, split } from '../recordings/gap-table.ts';
import { placeOf } from '../recordings/recording.ts';
import type { RecordedFile, Recordings } from '../recordings/recordings.ts';
import type { GapReason, GapStep } from './camera/gaps.ts';
import { keyOf, type Wanted } from './camera/wanted.ts';
import type { Disks } from './disk/disks.ts';

export interface NotesDeps {
  clock: Clock;
  observer: Observer;
  recordings: Pick<Recordings, 'add'>;
  gaps: Pick<GapTable, 'write' | 'cover'>;
  disks: Pick<Disks, 'keep' | 'look'>;
}

const FLUSH_MS = 500;
/** Files whose rows wait for the database. More stay where they are on the disk, and are asked for again. */
const FILES_MAX = 20_000;
const HOLES_MAX = 20_000;
/** So long a file that was found is taken out of holes that become known only then, ms. */
const FOUND_MS = 10 * MINUTE_MS;
/** A hole that ended so long ago stays as it is, ms: the camera's own storage may be asked for it from then on. */
const JOINED_MS = 45_000;

/** A file that was found, and when. */
interface FoundFile extends CoveringFile {
  atMs: number;
  isCovered: boolean;
}

/**
 * What is to be written into the database about recordings, kept until it is there. A file is moved to its day only
 * after its row is committed: one that has no row is always found again.
 */
export class Notes {
  readonly #deps: NotesDeps;
  readonly #files: RecordedFile[] = [];
  /** The hole of each camera that began and has not ended. */
  readonly #lasting = new Map<string, GapChange>();
  /** The hole of each camera that ended last: what is missing right behind it by the same cause belongs to it. */
  readonly #ended: BoundedMap<string, GapChange>;
  #found: FoundFile[] = [];
  #holes: GapChange[] = [];
  readonly #flushing = new Joined();
  readonly #said: SayOnce;
  readonly #left: Counter<'what'>;
  #isLeft = false;
  #stopFlush: () => void = () => {};

  constructor(deps: NotesDeps) {
    this.#deps = deps;
    this.#ended = new BoundedMap(HOLES_MAX);
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
    this.#take(file);
  }

  /**
   * A file of an earlier process, or of a writer that was lost, is whole: it may lie in holes that were told already,
   * and is taken out of them. Where there is no room to note it, it is found again.
   */
  found(file: RecordedFile): void {
    if (!this.#take(file)) return;
    const { device, quality, startsAtMs } = file.head;
    const atMs = this.#deps.clock.monotonicMs();
    const found = { device, quality, startsAtMs, endsAtMs: file.endsAtMs, atMs, isCovered: false };
    this.#found.push(found);
    const key = keyOf(file.head);
    const lasting = this.#lasting.get(key);
    if (lasting) this.#lasting.set(key, this.#without(lasting, [found]));
    const ended = this.#ended.get(key);
    const [last] = ended ? split(ended, [found]).slice(-1) : [];
    if (!ended) return;
    if (last && last.toMs === ended.toMs) this.#ended.set(key, last);
    else this.#ended.delete(key);
  }

  holes({ device, quality }: Wanted, steps: readonly GapStep[]): void {
    const key = keyOf({ device, quality });
    for (const step of steps) {
      if (step.type === 'whole') {
        const { toMs, reason } = step;
        this.#endedNow(key, { device, quality, fromMs: this.#beginOf(key, step), toMs, reason });
        continue;
      }
      if (step.type === 'begin') {
        const fromMs = this.#beginOf(key, step);
        this.#lasting.set(key, { device, quality, fromMs, toMs: null, reason: step.reason });
      }
      const lasting = this.#lasting.get(key);
      if (!lasting) continue;
      if (step.type === 'because') lasting.reason = step.reason;
      if (step.type === 'end') {
        this.#lasting.delete(key);
        this.#endedNow(key, { ...lasting, toMs: step.toMs });
      } else this.#note({ ...lasting });
    }
  }

  /** A hole that lasts since before this start. */
  lasts(change: GapChange): void {
    this.#lasting.set(keyOf(change), this.#without({ ...change }, this.#found));
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

  #take(file: RecordedFile): boolean {
    if (this.#files.length < FILES_MAX) {
      this.#files.push(file);
      return true;
    }
    this.#isLeft = true;
    this.#left.inc({ what: 'file' });
    return false;
  }

  /** What of a hole that lasts still does beside files that were found in it; what is before them is told. */
  #without(lasting: GapChange, files: readonly CoveringFile[]): GapChange {
    const left = split(lasting, files);
    const still = left.at(-1)!;
    if (still.fromMs === lasting.fromMs) return lasting;
    // No row begins there any more, unless what is before a file is a hole by itself.
    this.#note({ ...lasting, toMs: lasting.fromMs });
    for (const one of left) this.#note({ ...one });
    return still;
  }

  /** Where a hole begins: with the one before it, where that has the same cause and nothing lies between them. */
  #beginOf(key: string, { fromMs, reason }: { fromMs: number; reason: GapReason }): number {
    const before = this.#ended.get(key);
    if (before?.toMs !== fromMs || before.reason.cause !== reason.cause) return fromMs;
    return this.#deps.clock.nowMs() - fromMs < JOINED_MS ? before.fromMs : fromMs;
  }

  #endedNow(key: string, hole: GapChange): void {
    this.#ended.set(key, hole);
    this.#note({ ...hole });
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
    const found = this.#found.filter(({ isCovered }) => !isCovered);
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
    if (found.length > 0) await gaps.cover(found, { lasting: true });
    for (const one of found) one.isCovered = true;
    const sinceMs = this.#deps.clock.monotonicMs() - FOUND_MS;
    this.#found = this.#found.filter(({ atMs, isCovered }) => !isCovered || atMs > sinceMs);
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

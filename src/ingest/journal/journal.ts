import { join } from 'node:path';
import { type Clock, unhurried } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { InTurn } from '../../core/mechanisms/one-at-a-time.ts';
import type { Logger } from '../../core/observe.ts';
import type { Lane, Message, NewMessage } from '../../core/types.ts';
import { areaSpan, checkEncodable, roomFor } from './codec.ts';
import { Committer } from './committer.ts';
import type { Group } from './group.ts';
import { currentOf, type LaneLife } from './lineage.ts';
import { lockDirectory } from './lock.ts';
import { type JournalMetrics, journalMetrics } from './metrics.ts';
import type { JournalDeps, JournalOptions } from './options.ts';
import { type ReceivedCount, ReceivedCounts } from './received-counts.ts';
import { Reserve } from './reserve.ts';
import { findByDevice, placeOf, type Search } from './search.ts';
import { SegmentLog } from './segments/log.ts';
import { type ReadLimits, TailCache } from './tail-cache.ts';

/** How often read parts are deleted and the counts are saved. */
const HOUSEKEEPING_MS = 10_000;

/**
 * The log of one lane (design §2): what `append` has resolved for survives kill -9 and, as far as the disk keeps its
 * word, a power cut. One writer, any number of readers, which own their cursors.
 */
export class Journal {
  readonly lane: Lane;
  /** The life that is being written. */
  readonly life: LaneLife;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #metrics: JournalMetrics;
  readonly #options: JournalOptions;
  readonly #files: SegmentLog;
  readonly #reserve: Reserve;
  readonly #counts: ReceivedCounts;
  /** Ages are told by it: a clock that is set a day ahead must not delete a day. */
  readonly #unhurriedMs: () => number;
  #cache: TailCache;
  #lock: { release(): Promise<void> } | null = null;
  #stopHousekeeping: () => void = () => {};
  readonly #housekeeping = new InTurn();

  #committer: Committer;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #head = 0;
  #released = 0;
  #closed = false;
  #waiters: (() => void)[] = [];

  private constructor({ directory, lane, lineage, clock, observer, options }: JournalDeps) {
    this.lane = lane;
    this.life = currentOf(lineage);
    this.#clock = clock;
    this.#unhurriedMs = unhurried(clock);
    this.#log = observer.log.child({ part: `journal ${lane}` });
    this.#metrics = journalMetrics(observer.metrics, lane);
    this.#options = options;
    const common = { directory, clock, options: this.#options };
    this.#files = new SegmentLog({ ...common, lane, lineage, log: this.#log, metrics: this.#metrics });
    this.#reserve = new Reserve({ ...common, files: this.#options.files, reserveBytes: this.#options.reserveBytes });
    this.#counts = new ReceivedCounts({ lane, life: this.life, path: join(directory, 'received.json') });
    this.#cache = new TailCache(this.#options.cacheBytes, 0);
    this.#committer = this.#newCommitter(0);
  }

  #newCommitter(head: number): Committer {
    return new Committer(
      {
        lane: this.lane,
        incarnation: this.life.id,
        uplinks: this.#options.uplinks,
        clock: this.#clock,
        limits: this.#options,
        write: (group) => this.#files.write(group),
        onSynced: (group, seconds) => this.#synced(group, seconds),
        onFailed: (error) => this.#failed(error),
      },
      head,
    );
  }

  /** Opens or creates the log in `directory` and repairs what a crash left; refuses one that is open already. */
  static async open(deps: JournalDeps): Promise<Journal> {
    const journal = new Journal(deps);
    await journal.#options.files.makeDirectory(deps.directory);
    journal.#lock = await lockDirectory(deps.directory);
    try {
      await journal.#start();
    } catch (error) {
      await journal.#lock.release();
      throw error;
    }
    return journal;
  }

  async #start(): Promise<void> {
    await this.#files.open();
    this.#head = this.#files.head;
    this.#committer = this.#newCommitter(this.#head);
    this.#released = this.#files.tail;
    this.#cache = new TailCache(this.#options.cacheBytes, this.#head);
    await this.#reserve.refresh();
    await this.#catchUpCounts();
    this.#stopHousekeeping = this.#clock.every(HOUSEKEEPING_MS, () => void this.tidy());
  }

  /** End of what is durable. */
  get head(): number {
    return this.#head;
  }

  /** Oldest offset still kept. */
  get tail(): number {
    return this.#files.tail;
  }

  /** Whether `append` would be refused now for want of room; uplinks stop reading from their devices then. */
  full(): boolean {
    return this.#committer.unsyncedBytes >= this.#options.unsyncedBytesMax || this.#reserve.exhausted;
  }

  /**
   * Takes a message and resolves once it is durable. Rejects with `ingest.full` (no room on the disk, or too much
   * waits for it) or `ingest.unavailable` (the disk failed, or the journal is closed); the message must then not be
   * acked. A rejected message may still be found after a restart, like any other that was sent but not acked.
   */
  append(message: NewMessage): Promise<Message> {
    const refusal = this.#refusal(message);
    if (refusal) return Promise.reject(refusal);
    return this.#committer.add(message);
  }

  #refusal(message: NewMessage): unknown {
    if (this.#closed) return new CitywatchError('ingest.unavailable', { detail: 'The journal is being closed.' });
    try {
      checkEncodable(message, this.#options.uplinks);
    } catch (error) {
      return error;
    }
    if (this.#clock.monotonicMs() < this.#notBeforeMs) {
      this.#metrics.refused('failure');
      return new CitywatchError('ingest.unavailable', { retryAfterS: 1 });
    }
    const room = roomFor(message);
    if (this.#committer.unsyncedBytes + room > this.#options.unsyncedBytesMax) {
      this.#metrics.refused('queue');
      return new CitywatchError('ingest.full', { retryAfterS: 1 });
    }
    if (this.#reserve.take(room)) return null;
    this.#metrics.refused('reserve');
    void this.tidy();
    return new CitywatchError('ingest.full', {
      detail: 'The disk of the journal has less free space than its reserve; free some, or lower the reserve.',
      retryAfterS: 5,
    });
  }

  #synced(group: Group, seconds: number): void {
    const bytes = group.to - group.from;
    for (const { device, endOffset } of group.messages) this.#counts.add(device.kind, device.jurisdiction, endOffset);
    this.#cache.push(group.messages, group.to, bytes);
    this.#head = group.to;
    this.#metrics.synced(group.messages.length, bytes, seconds);
    this.#wake();
  }

  /** Resolves with what is told to who waits. */
  async #failed(cause: unknown): Promise<CitywatchError> {
    this.#log.error({ error: messageOf(cause) }, 'writing the journal failed; its file is given up');
    this.#metrics.failed();
    this.#notBeforeMs = this.#clock.monotonicMs() + this.#options.failurePauseMs;
    await this.#files.abandon();
    return new CitywatchError('ingest.unavailable', { retryAfterS: 1, cause });
  }

  /**
   * Messages from `offset` on, in order, at least one if there is any, and where to go on. `offset` is 0, a `next`
   * given out earlier, or the end of a message.
   */
  async read(offset: number, limits: ReadLimits): Promise<{ messages: Message[]; next: number }> {
    if (offset >= this.#head) return { messages: [], next: offset };
    if (offset < this.#cache.from) return this.#files.read(offset, limits);
    const messages = this.#cache.read(offset, limits);
    return { messages, next: messages.at(-1)?.endOffset ?? this.#head };
  }

  /** The message that begins at exactly `offset`, or null: never written there, or no longer kept. */
  async at(offset: number): Promise<Message | null> {
    return offset >= this.#head ? null : this.#files.readOne(offset);
  }

  /** Where what was received at or after `atMs` begins, or somewhat before; the head where nothing was. */
  placeOf(atMs: number): number {
    return placeOf(this.#files, atMs) ?? this.#head;
  }

  /** Messages of one device by time of receipt, in log order; `more` says that the limit cut them off. */
  byDevice(search: Search): Promise<{ messages: Message[]; more: boolean }> {
    return findByDevice(this.#files, search);
  }

  /** How many messages of each kind and district this lane has taken in up to its head, in this life of the journal. */
  received(): { offset: number; counts: ReceivedCount[] } {
    return { offset: this.#head, counts: this.#counts.list() };
  }

  /** Counts the messages of [from, to) by reading them from the files. */
  async count(from: number, to: number): Promise<ReceivedCount[]> {
    const counts = new ReceivedCounts({ lane: this.lane, life: this.life, path: '' });
    await this.#countInto(counts, from, to);
    return counts.list();
  }

  async #countInto(counts: ReceivedCounts, from: number, to: number): Promise<void> {
    await this.#files.walk(from, to, {
      verify: false,
      visit: (bytes, at, { offset }, length) => {
        const { start, middle, end } = areaSpan(bytes, at);
        counts.add(bytes.toString('utf8', start, middle), bytes.toString('utf8', middle, end), offset + length);
        return true;
      },
    });
  }

  async #catchUpCounts(): Promise<void> {
    const found = await this.#counts.load();
    if (!found && this.tail > this.life.from)
      this.#log.error('the counts of received messages are lost; the ledger starts anew');
    const from = Math.max(this.#counts.offset, this.tail);
    await this.#countInto(this.#counts, from, this.#head);
  }

  /** Resolves when there is something behind `offset` or `signal` is aborted; rejects once the journal is closed. */
  waitBeyond(offset: number, signal: AbortSignal): Promise<void> {
    if (this.#head > offset || signal.aborted) return Promise.resolve();
    if (this.#closed)
      return Promise.reject(new CitywatchError('ingest.unavailable', { detail: 'The journal is closed.' }));
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.#waiters.push(done);
    });
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Says that every reader is done with what stands before `offset`, so that it may be deleted in time. */
  release(offset: number): void {
    this.#released = Math.max(this.#released, offset);
  }

  /** Saves the counts and deletes read files that are too old, too many, or in the way of new messages. */
  tidy(): Promise<void> {
    return this.#housekeeping.run(() =>
      this.#tidy().catch((error: unknown) => {
        this.#log.warn({ error: messageOf(error) }, 'tidying the journal failed; it is tried again');
      }),
    );
  }

  async #tidy(): Promise<void> {
    // First, because on a full disk the counts cannot be saved, and everybody must know that it is full.
    await this.#reserve.refresh();
    await this.#counts.save();
    while (this.#mayRemoveOldest()) {
      if (!(await this.#files.removeOldest())) break;
      await this.#reserve.refresh();
    }
    this.#metrics.place(this.#head, this.tail, this.#committer.unsyncedBytes);
  }

  /** Read parts give way to new messages: explaining an old one is worth less than taking in the next. */
  #mayRemoveOldest(): boolean {
    const [oldest] = this.#files.segments;
    if (!oldest || oldest.end > this.#released || oldest.end > this.#counts.savedOffset) return false;
    const { keepMs, keepBytes } = this.#options;
    const readBytes = this.#released - oldest.base;
    return this.#unhurriedMs() - oldest.lastAtMs > keepMs || readBytes > keepBytes || this.#reserve.exhausted;
  }

  /** Finishes what was accepted, saves the counts and lets go of the directory. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopHousekeeping();
    await this.#committer.drain();
    await this.tidy();
    await this.#files.close();
    this.#wake();
    await this.#lock?.release();
  }
}

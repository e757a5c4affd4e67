import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { covers } from '../../core/jurisdiction.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import { Gauge, type Observer } from '../../core/observe.ts';
import type { Caller } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { isWanted, type Wanted } from '../rules/classes.ts';
import { isFor, namesOf } from './log/audience.ts';
import { classOf, placeOf } from './log/entry.ts';
import { floorOf } from './log/floor.ts';
import { toEntry } from './log/read-entry.ts';
import type { LogEntry } from './log.ts';
import { AlertQueries } from './queries.ts';
import type { AlertTables } from './tables.ts';

export interface AlertFeedDeps {
  database: Database<'alerts'>;
  clock: Clock;
  observer: Observer;
}

/** Newest entries kept in memory, so that a thousand live readers cost one query, not a thousand. */
const RECENT_MAX = 2_000;
const READ_MAX = 500;
/** While somebody waits, the log is also looked at without a hint this often: another process may have written it. */
const LOOK_MS = 1_000;

/**
 * The live end of the alert log. Readers name the entry they have and get everything after it, in order and without a
 * gap: what is no longer in memory comes from PostgreSQL.
 */
export class AlertFeed {
  readonly #deps: AlertFeedDeps;
  readonly #queries: AlertQueries;
  /** Without a gap, up to `#seq`. */
  #recent: LogEntry[] = [];
  /** Every entry up to this one is in `#recent` or older than it. */
  #seq = 0;
  #epoch = '';
  #floor = 0;
  #waiting = new Set<() => void>();
  readonly #reading = new Joined();
  #again = false;
  #stopLook: (() => void) | null = null;
  readonly #stopped = new AbortController();

  constructor(deps: AlertFeedDeps) {
    this.#deps = deps;
    this.#queries = new AlertQueries(deps.database);
    const readers = (): number => this.#waiting.size;
    new Gauge({
      name: 'citywatch_alert_feed_readers',
      help: 'Live readers of the alert log that wait for the next entry.',
      registers: [deps.observer.metrics],
      collect() {
        this.set(readers());
      },
    });
  }

  async start(): Promise<void> {
    const head = await this.#queries.head();
    this.#seq = head.seq;
    this.#epoch = head.epoch;
    this.#floor = await floorOf(this.#deps.database);
    this.#stopLook = this.#deps.clock.every(LOOK_MS, () => {
      if (this.#waiting.size > 0) void this.#look();
    });
  }

  async stop(): Promise<void> {
    this.#stopLook?.();
    this.#stopped.abort();
    this.#wake();
    await this.#reading.settled();
  }

  /** Name of the log; a cursor of another epoch means nothing here. */
  get epoch(): string {
    return this.#epoch;
  }

  get head(): number {
    return this.#seq;
  }

  /** A reader that stands before this entry may have missed some that are not kept any more. */
  get floor(): number {
    return this.#floor;
  }

  /** Entries up to this one may be missing now. */
  forget(seq: number): void {
    this.#floor = Math.max(this.#floor, seq);
    this.#recent = this.#recent.filter((entry) => entry.seq > this.#floor);
  }

  /** The number of the newest entry, for a reader that begins now. */
  async newest(): Promise<number> {
    // While somebody waits, what is known is at most as old as the last look.
    if (this.#waiting.size === 0) await this.#look();
    return this.#seq;
  }

  /** These were committed just now. Never awaited; where others came in between, the log is read. */
  said(entries: readonly LogEntry[]): void {
    const [first] = entries;
    if (!first) return;
    if (first.seq === this.#seq + 1) this.#take(entries);
    else if (first.seq > this.#seq) void this.#look();
  }

  /** Reads what is not known yet; whoever asks meanwhile is served by a further read. Never rejects. */
  #look(): Promise<void> {
    this.#again = true;
    return this.#reading.run(() =>
      this.#read().catch((error: unknown) => {
        this.#deps.observer.log.warn({ part: 'alert-feed', error: messageOf(error) }, 'the alert log cannot be read');
      }),
    );
  }

  /**
   * The caller's entries after `seq` that are wanted, at most 500, waiting until there are some. Returns an empty list
   * when `signal` ends the wait. `seq` of the answer is where to go on.
   */
  async next(
    caller: Caller,
    seq: number,
    signal: AbortSignal,
    wanted: Wanted = {},
  ): Promise<{ entries: LogEntry[]; seq: number }> {
    for (let from = seq; ; ) {
      if (signal.aborted || this.#stopped.signal.aborted) return { entries: [], seq: from };
      const answer = await this.#after(caller, from, wanted);
      if (answer.entries.length > 0) return answer;
      from = answer.seq;
      if (from >= this.#seq) await this.#grown(signal);
    }
  }

  async #after(caller: Caller, seq: number, wanted: Wanted): Promise<{ entries: LogEntry[]; seq: number }> {
    const oldest = this.#seq + 1 - this.#recent.length;
    if (seq + 1 < oldest) return await this.#queries.events(caller, seq, READ_MAX, wanted);
    // Only what is new to this reader is looked at, however much is kept.
    const names = namesOf(caller);
    const isTheirs = (one: LogEntry): boolean =>
      isFor(one.seenBy, names) && isWanted(wanted, classOf(one)) && covers(caller, placeOf(one));
    const entries = this.#recent.slice(seq + 1 - oldest).filter(isTheirs);
    return { entries, seq: this.#seq };
  }

  #grown(signal: AbortSignal): Promise<void> {
    // Given up while the log was being read: the event is over and would not be heard.
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  async #read(): Promise<void> {
    while (this.#again && !this.#stopped.signal.aborted) {
      this.#again = false;
      const rows = await this.#deps.database
        .tables<AlertTables>()
        .selectFrom('alert_event')
        .selectAll()
        .where('seq', '>', this.#seq)
        .orderBy('seq')
        .limit(READ_MAX)
        .execute();
      this.#take(rows.filter(({ seq }) => seq > this.#seq).map(toEntry));
      this.#again ||= rows.length === READ_MAX;
    }
  }

  #take(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      // A log that lost entries has a gap: what is kept must have none.
      if (entry.seq !== this.#seq + 1) this.#recent = [];
      this.#recent.push(entry);
      this.#seq = entry.seq;
    }
    if (this.#recent.length > 2 * RECENT_MAX) this.#recent.splice(0, this.#recent.length - RECENT_MAX);
    if (entries.length > 0) this.#wake();
  }
}

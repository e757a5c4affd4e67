import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { covers } from '../../core/jurisdiction.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import { Gauge, type Observer } from '../../core/observe.ts';
import type { Caller } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { LogEntry } from './log.ts';
import { AlertQueries, toEntry } from './queries.ts';
import type { AlertTables } from './tables.ts';

export interface AlertFeedDeps {
  database: Database<'alerts'>;
  clock: Clock;
  observer: Observer;
}

/** Newest entries kept in memory, so that a thousand live readers cost one query, not a thousand. */
const RECENT_MAX = 2_000;
const READ_MAX = 500;
/** The log is also looked at without a hint this often: another process may have written it. */
const LOOK_MS = 1_000;

/**
 * The live end of the alert log. Readers name the entry they have and get everything after it, in order and without a
 * gap: what is no longer in memory comes from PostgreSQL.
 */
export class AlertFeed {
  readonly #deps: AlertFeedDeps;
  readonly #queries: AlertQueries;
  #recent: LogEntry[] = [];
  /** Every entry up to this one is in `#recent` or older than it. */
  #seq = 0;
  #epoch = '';
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
    this.#stopLook = this.#deps.clock.every(LOOK_MS, () => this.poke());
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

  /** The log may have grown. Never awaited. */
  poke(): void {
    this.#again = true;
    void this.#reading.run(() =>
      this.#read().catch((error: unknown) => {
        this.#deps.observer.log.warn({ part: 'alert-feed', error: messageOf(error) }, 'the alert log cannot be read');
      }),
    );
  }

  /**
   * The caller's entries after `seq`, at most 500, waiting until there are some. Returns an empty list when `signal`
   * ends the wait. `seq` of the answer is where to go on.
   */
  async next(caller: Caller, seq: number, signal: AbortSignal): Promise<{ entries: LogEntry[]; seq: number }> {
    for (let from = seq; ; ) {
      if (signal.aborted || this.#stopped.signal.aborted) return { entries: [], seq: from };
      const answer = await this.#after(caller, from);
      if (answer.entries.length > 0) return answer;
      from = answer.seq;
      if (from >= this.#seq) await this.#grown(signal);
    }
  }

  async #after(caller: Caller, seq: number): Promise<{ entries: LogEntry[]; seq: number }> {
    const oldest = this.#recent[0]?.seq ?? this.#seq + 1;
    if (seq + 1 < oldest) return await this.#queries.events(caller, seq, READ_MAX);
    const entries = this.#recent.filter((one) => one.seq > seq && covers(caller.jurisdiction, one.jurisdiction));
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
      const last = rows.at(-1);
      if (!last) continue;
      this.#recent = [...this.#recent, ...rows.map(toEntry)].slice(-RECENT_MAX);
      this.#seq = last.seq;
      this.#again ||= rows.length === READ_MAX;
      this.#wake();
    }
  }
}

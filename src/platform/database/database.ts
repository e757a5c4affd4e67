import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { type Clock, deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { backoffMs, jittered } from '../../core/mechanisms/backoff.ts';
import type { Observer } from '../../core/observe.ts';
import { type Random, systemRandom } from '../../core/random.ts';
import { untilLetIn } from './arrival.ts';
import { connectionOptions, createPool, guarded, watchConnections } from './connections.ts';
import { brokenConstraint, isRace, toDatabaseError } from './sql-errors.ts';

export type { ColumnType, Generated, Insertable, Kysely, RawBuilder, Selectable, Updateable } from 'kysely';
export { sql } from 'kysely';
export { brokenConstraint, isRefusedPart } from './sql-errors.ts';
export { escapeLike, patternWithin, withinJurisdiction } from './within.ts';

/** Where queries run: the pool, or one transaction. `T` is the caller's own table interface. */
export interface Tables {
  tables<T>(): Kysely<T>;
}

/**
 * What connections are for. Each use has its own, so that a rush of one leaves the others theirs:
 * `alerts` takes a finding to the command centre; `handling` finds out who asks, and takes what people do with alerts;
 * `general` is everything else, registry edits among it.
 */
export type DatabaseUse = 'alerts' | 'handling' | 'general';

/** Connections at most of each use. Together with those of migrations far below the 100 of a plain PostgreSQL. */
const SHARES: Record<DatabaseUse, number> = { alerts: 6, handling: 4, general: 10 };

/** The shares of one gateway; whoever needs one says which by its type. */
export type DatabaseShares = { readonly [Use in DatabaseUse]: Database<Use> } & {
  /** The start is over: from now on a caller waits for a connection only as long as somebody who asks may wait. */
  started(): void;
  close(): Promise<void>;
};

export interface DatabaseLimits {
  /** Connections at most, 1-100. */
  connectionsMax: number;
  /** A statement is ended by the server after this long; ours waits a little longer before it drops the connection. */
  statementTimeoutMs: number;
  /** How long a caller waits for a connection. */
  connectTimeoutMs: number;
}

/** Those of whoever opens it for itself; the shares of a gateway have connections of their own number. */
export const DATABASE_LIMITS: Readonly<DatabaseLimits> = {
  connectionsMax: 10,
  statementTimeoutMs: 30_000,
  connectTimeoutMs: 5_000,
};

export interface DatabaseOptions {
  url: string;
  observer: Observer;
  clock: Clock;
  limits: DatabaseLimits;
  /**
   * How long a start waits for a server that takes connections and lets nobody in yet; see {@link untilLetIn}. Until
   * {@link DatabaseShares.started} every caller waits that long for a connection.
   */
  patienceMs?: number;
  /** Ends that wait. */
  ended?: AbortSignal | undefined;
  /** {@link systemRandom} unless a test brings its own. */
  random?: Random;
}

/** The shares belong to a gateway, which has patience at its start. */
export type SharesOptions = DatabaseOptions & {
  patienceMs: number;
  /** Somebody was let in a moment ago, so nobody knocks again. */
  isLetIn: boolean;
};

/** One row of a query that is written by hand. */
export type Row = Record<string, unknown>;
export type RunStatement = (text: string, values?: unknown[]) => Promise<Row[]>;

const PING_TIMEOUT_MS = 3_000;
const VERSION_MIN = 140_000;
const ATTEMPTS_MAX = 6;
const RACE_PAUSES = { minMs: 20, maxMs: 320 };

/**
 * PostgreSQL behind a bounded pool that survives the server's death. Every error it throws is a CitywatchError. `Use`
 * says what its connections are for; one that is opened alone serves every use.
 */
export class Database<Use extends DatabaseUse = DatabaseUse> implements Tables {
  /** Only for the compiler: keeps a part that must not wait for others from being given the connections of all. */
  declare readonly use: Use;
  readonly clock: Clock;
  readonly #pool: pg.Pool;
  readonly #kysely: Kysely<unknown>;
  readonly #url: string;
  readonly #random: Random;
  readonly #connectTimeoutMs: number;

  private constructor(options: DatabaseOptions) {
    this.clock = options.clock;
    this.#url = options.url;
    this.#random = options.random ?? systemRandom;
    this.#connectTimeoutMs = options.limits.connectTimeoutMs;
    this.#pool = createPool(options, options.patienceMs ?? this.#connectTimeoutMs);
    this.#kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: guarded(this.#pool) }) });
  }

  /** Connects and checks what we depend on; does not migrate. Fails with `store.unavailable` or `config.invalid`. */
  static async open(options: DatabaseOptions): Promise<Database<never>> {
    const database = new Database<never>(options);
    watchConnections(options.observer, { all: database.#pool });
    try {
      await arrive(options);
      await database.#check(options.observer);
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** As {@link Database.open}, with a pool for each use. */
  static async openShares(options: SharesOptions): Promise<DatabaseShares> {
    const share = <Use extends DatabaseUse>(use: Use) => {
      const limits = { ...options.limits, connectionsMax: SHARES[use] };
      return new Database<Use>({ ...options, limits });
    };
    const shares = { alerts: share('alerts'), handling: share('handling'), general: share('general') };
    const { alerts, handling, general } = shares;
    const all: readonly Database[] = [alerts, handling, general];
    const started = (): void => {
      for (const one of all) one.#hurry();
    };
    const close = async (): Promise<void> => void (await Promise.all(all.map((one) => one.close())));
    watchConnections(options.observer, { alerts: alerts.#pool, handling: handling.#pool, general: general.#pool });
    try {
      if (!options.isLetIn) await arrive(options);
      await general.#check(options.observer);
      for (const one of all) one.#connectAhead();
      return { ...shares, started, close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  tables<T>(): Kysely<T> {
    return this.#kysely as unknown as Kysely<T>;
  }

  /**
   * Runs `run` in one READ COMMITTED transaction and commits when it returns. Deadlocks and serialization failures run
   * it again, at most 6 times, so `run` must have no effect outside the transaction. So do broken constraints of
   * `lostBy`: another writer was first.
   */
  transaction<R>(run: (tx: Tables) => Promise<R>, lostBy: readonly string[] = []): Promise<R> {
    const whole = () =>
      this.#kysely.transaction().execute((tx) => run({ tables: <T>() => tx as unknown as Kysely<T> }));
    return this.#retried(whole, lostBy);
  }

  /**
   * As {@link transaction}, for what `run` reads and then writes with one statement, which is a transaction of its own.
   */
  statement<R>(run: (tables: Tables) => Promise<R>, lostBy: readonly string[] = []): Promise<R> {
    return this.#retried(() => run(this), lostBy);
  }

  /** Runs `run`, which only reads, on all rows as they are at one moment. */
  snapshot<R>(run: (tx: Tables) => Promise<R>): Promise<R> {
    const moment = this.#kysely.transaction().setIsolationLevel('repeatable read').setAccessMode('read only');
    return moment.execute((tx) => run({ tables: <T>() => tx as unknown as Kysely<T> }));
  }

  async #retried<R>(run: () => Promise<R>, lostBy: readonly string[]): Promise<R> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await run();
      } catch (error) {
        const isLost = isRace(error) || lostBy.includes(brokenConstraint(error) ?? '');
        if (!isLost || attempt >= ATTEMPTS_MAX) throw error;
        await this.clock.sleep(jittered(backoffMs(RACE_PAUSES, attempt - 1), this.#random, [0, 1]));
      }
    }
  }

  /** Runs statements on a connection of their own without time limits, for migrations. */
  async dedicated<R>(run: (statement: RunStatement) => Promise<R>): Promise<R> {
    const timeoutMs = this.#pool.options.connectionTimeoutMillis ?? this.#connectTimeoutMs;
    const options = connectionOptions(this.#url, timeoutMs);
    const client = new pg.Client({ ...options, application_name: 'citywatch-migrate' });
    client.on('error', () => {});
    const statement: RunStatement = async (text, values) => {
      try {
        const result = await client.query<Row>(values === undefined ? { text } : { text, values });
        return Array.isArray(result) ? [] : result.rows;
      } catch (error) {
        throw toDatabaseError(error);
      }
    };
    try {
      await client.connect().catch((error: unknown) => Promise.reject(toDatabaseError(error)));
      return await run(statement);
    } finally {
      await client.end().catch(() => {});
    }
  }

  /** Resolves when PostgreSQL answers a query; fails with `store.unavailable` when it has not within 3 s. */
  async ping(): Promise<void> {
    const limit = deadline(this.clock, PING_TIMEOUT_MS);
    const late = new Promise<never>((_, reject) => {
      const detail = `PostgreSQL did not answer within ${PING_TIMEOUT_MS} ms.`;
      limit.signal.addEventListener('abort', () => reject(new CitywatchError('store.unavailable', { detail })));
    });
    try {
      await Promise.race([sql`select 1`.execute(this.#kysely), late]);
    } finally {
      limit.cancel();
    }
  }

  async close(): Promise<void> {
    // Kysely ends the pool only after its first query, so both are told; a pool refuses a second end.
    await this.#kysely.destroy();
    if (!this.#pool.ending) await this.#pool.end();
  }

  #hurry(): void {
    // The pool and its clients read this for each new connection.
    this.#pool.options.connectionTimeoutMillis = this.#connectTimeoutMs;
  }

  /**
   * Opens a connection that is not needed yet: a start would wait for one after the other, 20 ms each. One that cannot
   * be had is for whoever needs it.
   */
  #connectAhead(): void {
    this.#pool.connect().then(
      (client) => client.release(),
      () => {},
    );
  }

  async #check(observer: Observer): Promise<void> {
    const { rows } = await sql<{ version: string; durable: string; fsync: string; encoding: string }>`
      select current_setting('server_version_num') as version, current_setting('synchronous_commit') as durable,
             current_setting('fsync') as fsync, current_setting('server_encoding') as encoding`.execute(this.#kysely);
    const found = rows[0]!;
    const wrong = (message: string) =>
      new CitywatchError('config.invalid', { issues: [{ path: 'DATABASE_URL', message }] });
    if (Number(found.version) < VERSION_MIN) throw wrong(`PostgreSQL 14 or newer is needed, this is ${found.version}`);
    if (found.encoding !== 'UTF8') throw wrong(`the database must be encoded in UTF8, it is ${found.encoding}`);
    if (found.durable === 'off' || found.fsync === 'off') {
      observer.log.warn(
        { part: 'database', synchronousCommit: found.durable, fsync: found.fsync },
        'PostgreSQL does not write commits to disk at once: edits may be lost in a power cut',
      );
    }
  }
}

async function arrive({ url, clock, observer, patienceMs, ended }: DatabaseOptions): Promise<void> {
  if (patienceMs !== undefined) await untilLetIn({ url, clock, log: observer.log, patienceMs, ended });
}

/** `value` as a JSONB parameter. Needed for arrays, which `pg` would otherwise send as PostgreSQL arrays. */
export function jsonb<T>(value: T) {
  return sql<T>`${JSON.stringify(value)}::jsonb`;
}

/** Bytes as JSON has them for a column of the type bytea. */
export function hexOf(bytes: Buffer | null): string | null {
  return bytes === null ? null : `\\x${bytes.toString('hex')}`;
}

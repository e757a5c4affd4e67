import { type Expression, Kysely, PostgresDialect, type PostgresPool, type SqlBool, sql } from 'kysely';
import pg from 'pg';
import { type Clock, deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { isJurisdictionCode, type Jurisdiction, significantDigits } from '../../core/jurisdiction.ts';
import { backoffMs, jittered } from '../../core/mechanisms/backoff.ts';
import { Gauge, type Observer } from '../../core/observe.ts';
import { type Random, systemRandom } from '../../core/random.ts';
import { postgresSocket } from '../outbound/named-sockets.ts';
import { connectionSurvives, isRace, toDatabaseError } from './sql-errors.ts';

export type { ColumnType, Generated, Insertable, Kysely, RawBuilder, Selectable, Updateable } from 'kysely';
export { sql } from 'kysely';
export { brokenConstraint } from './sql-errors.ts';

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
export type DatabaseShares = { readonly [Use in DatabaseUse]: Database<Use> } & { close(): Promise<void> };

export interface DatabaseOptions {
  url: string;
  observer: Observer;
  clock: Clock;
  /** Connections at most, 1-100. */
  connectionsMax?: number;
  /** A statement is ended by the server after this long; ours waits a little longer before it drops the connection. */
  statementTimeoutMs?: number;
  /** {@link systemRandom} unless a test brings its own. */
  random?: Random;
}

/** One row of a query that is written by hand. */
export type Row = Record<string, unknown>;
export type RunStatement = (text: string, values?: unknown[]) => Promise<Row[]>;

const CONNECTIONS_MAX = 10;
const STATEMENT_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 5_000;
const PING_TIMEOUT_MS = 3_000;
/** Callers that may wait for a connection; further ones are refused at once instead of piling up. */
const WAITING_MAX = 2_000;
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

  private constructor(options: DatabaseOptions) {
    this.clock = options.clock;
    this.#url = options.url;
    this.#random = options.random ?? systemRandom;
    this.#pool = createPool(options);
    this.#kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: guarded(this.#pool) }) });
  }

  /** Connects and checks what we depend on; does not migrate. Fails with `store.unavailable` or `config.invalid`. */
  static async open(options: DatabaseOptions): Promise<Database<never>> {
    const database = new Database<never>(options);
    watchConnections(options.observer, { all: database.#pool });
    try {
      await database.#check(options.observer);
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** As {@link Database.open}, with a pool for each use. */
  static async openShares(options: Omit<DatabaseOptions, 'connectionsMax'>): Promise<DatabaseShares> {
    const share = <Use extends DatabaseUse>(use: Use) => new Database<Use>({ ...options, connectionsMax: SHARES[use] });
    const shares = { alerts: share('alerts'), handling: share('handling'), general: share('general') };
    const { alerts, handling, general } = shares;
    const close = async (): Promise<void> =>
      void (await Promise.all([alerts, handling, general].map((one) => one.close())));
    watchConnections(options.observer, { alerts: alerts.#pool, handling: handling.#pool, general: general.#pool });
    try {
      await general.#check(options.observer);
      return { ...shares, close };
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
   * it again, at most 6 times, so `run` must have no effect outside the transaction.
   */
  async transaction<R>(run: (tx: Tables) => Promise<R>): Promise<R> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#kysely.transaction().execute((tx) => run({ tables: <T>() => tx as unknown as Kysely<T> }));
      } catch (error) {
        if (!isRace(error) || attempt >= ATTEMPTS_MAX) throw error;
        await this.clock.sleep(jittered(backoffMs(RACE_PAUSES, attempt - 1), this.#random, [0, 1]));
      }
    }
  }

  /** Runs statements on a connection of their own without time limits, for migrations. */
  async dedicated<R>(run: (statement: RunStatement) => Promise<R>): Promise<R> {
    const client = new pg.Client({ ...connectionOptions(this.#url), application_name: 'citywatch-migrate' });
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

/** BIGINT holds times in ms, offsets and counts, all far below 2^53; a value beyond that is refused, not rounded. */
function parseBigint(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('a BIGINT of the database is beyond 2^53');
  return value;
}

const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 && format !== 'binary'
      ? parseBigint
      : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};

function connectionOptions(url: string): pg.ClientConfig {
  const timeout = { connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true };
  return { connectionString: url, ...timeout, types, stream: () => postgresSocket() };
}

function createPool({ url, observer, connectionsMax, statementTimeoutMs }: DatabaseOptions): pg.Pool {
  const timeoutMs = statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const pool = new pg.Pool({
    ...connectionOptions(url),
    application_name: 'citywatch',
    max: connectionsMax ?? CONNECTIONS_MAX,
    statement_timeout: timeoutMs,
    idle_in_transaction_session_timeout: timeoutMs,
    // The server's own limit does nothing when the server hangs.
    query_timeout: timeoutMs + 5_000,
  });
  const log = observer.log.child({ part: 'database' });
  pool.on('error', (error) => log.warn({ reason: error.message }, 'an idle connection to PostgreSQL was lost'));
  // Without a listener of its own, a client that is checked out crashes the process when its socket breaks.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

function watchConnections({ metrics }: Observer, pools: Record<string, pg.Pool>): void {
  const usage = new Gauge({
    name: 'citywatch_database_connections',
    help: 'Connections to PostgreSQL by share and use; "waiting" are callers without one.',
    labelNames: ['share', 'use'],
    registers: [metrics],
    collect: () => {
      for (const [share, pool] of Object.entries(pools)) {
        usage.set({ share, use: 'idle' }, pool.idleCount);
        usage.set({ share, use: 'busy' }, pool.totalCount - pool.idleCount);
        usage.set({ share, use: 'waiting' }, pool.waitingCount);
      }
    },
  });
}

/**
 * What Kysely sees of the pool: errors mapped, and a connection that failed is closed instead of being used again.
 * One wrapper per lease; Kysely keeps connections by identity, and a lease is what it must not mix up.
 */
function guarded(pool: pg.Pool): PostgresPool {
  const guard = {
    connect: async () => {
      if (pool.waitingCount >= WAITING_MAX) {
        throw new CitywatchError('store.unavailable', { detail: 'Too many callers wait for PostgreSQL.' });
      }
      const client = await pool.connect().catch((error: unknown) => Promise.reject(toDatabaseError(error)));
      let broken: CitywatchError | null = null;
      return {
        query: async (text: string, values: readonly unknown[]) => {
          if (broken) throw broken;
          try {
            return await client.query(text, values as unknown[]);
          } catch (error) {
            const mapped = toDatabaseError(error);
            if (!connectionSurvives(error)) broken = mapped;
            throw mapped;
          }
        },
        release: () => client.release(broken !== null),
      };
    },
    end: () => pool.end(),
  };
  return guard as unknown as PostgresPool;
}

/** `value` as a JSONB parameter. Needed for arrays, which `pg` would otherwise send as PostgreSQL arrays. */
export function jsonb<T>(value: T) {
  return sql<T>`${JSON.stringify(value)}::jsonb`;
}

/** `text` with the wildcards of LIKE made literal, for a pattern such as `'%' + escapeLike(text) + '%'`. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

/**
 * The one place that limits rows to a jurisdiction (promise P7): keeps those whose `column` lies within `scope`. Every
 * query that reads or changes rows for a caller goes through here. A scope that is no code keeps nothing.
 */
export function withinJurisdiction<Query extends { where(expression: Expression<SqlBool>): unknown }>(
  query: Query,
  column: string,
  scope: Jurisdiction,
): Query {
  const digits = isJurisdictionCode(scope) ? significantDigits(scope) : null;
  if (digits === '') return query;
  const condition =
    digits === null ? sql<SqlBool>`false` : sql<SqlBool>`${sql.ref(column)} like ${`${escapeLike(digits)}%`}`;
  return query.where(condition) as Query;
}

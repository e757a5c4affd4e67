import type { PostgresPool } from 'kysely';
import pg from 'pg';
import { CitywatchError } from '../../core/errors.ts';
import { Gauge, type Observer } from '../../core/observe.ts';
import { postgresSocket } from '../outbound/named-sockets.ts';
import { PreparedNames } from './prepared.ts';
import { connectionSurvives, toDatabaseError } from './sql-errors.ts';

/** Callers that may wait for a connection; further ones are refused at once instead of piling up. */
const WAITING_MAX = 2_000;

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

/** How a connection to `url` is made, and how long it may take. */
export function connectionOptions(url: string, timeoutMs: number): pg.ClientConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    types,
    stream: () => postgresSocket(),
  };
}

export interface PoolOptions {
  url: string;
  observer: Observer;
  limits: { connectionsMax: number; statementTimeoutMs: number };
}

/** A bounded pool of connections to `url`; see `DatabaseLimits`. */
export function createPool(options: PoolOptions, connectTimeoutMs: number): pg.Pool {
  const { url, observer, limits } = options;
  const timeoutMs = limits.statementTimeoutMs;
  const pool = new pg.Pool({
    ...connectionOptions(url, connectTimeoutMs),
    application_name: 'citywatch',
    max: limits.connectionsMax,
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

/** Shows how the connections of `pools`, by their names, are used. */
export function watchConnections({ metrics }: Observer, pools: Record<string, pg.Pool>): void {
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
export function guarded(pool: pg.Pool): PostgresPool {
  const prepared = new PreparedNames();
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
            // What begins or ends a transaction is not planned, and goes in one short message without a name.
            const isPlanned = values.length > 0 || text.startsWith('select ');
            const name = isPlanned ? prepared.nameOf(text) : null;
            return await client.query({ text, values: values as unknown[], ...(name ? { name } : {}) });
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

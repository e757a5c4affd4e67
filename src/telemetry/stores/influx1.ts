import { createHmac } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { InfluxDB, type IPoolOptions, escape as influxEscape } from 'influx';
import { type Clock, deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Observer } from '../../core/observe.ts';
import { machineNames } from '../../platform/outbound/names.ts';
import type { HttpPort } from './http-port.ts';
import { translate } from './influx1-errors.ts';
import { ensurePolicies } from './influx1-policies.ts';
import {
  bucketsStatement,
  type PointRow,
  pointsStatement,
  type Statement,
  toBucket,
  toPoint,
} from './influx1-query.ts';
import { ANSWER_BYTES_MAX, outcomeOf, storeLines } from './post-lines.ts';
import type {
  BucketsQuery,
  PointsQuery,
  RejectedLine,
  RetentionDays,
  Store,
  StoredBucket,
  StoredPoint,
  Tier,
} from './store.ts';

export interface Influx1Options {
  /** `http://host:8086`, or https, or with a path in front of a proxy, or `http+unix://%2Fpath%2Fto.sock`. */
  url: string;
  /** Both null where the server asks for no password. */
  username: string | null;
  password: string | null;
  database: string;
  retentionDays: RetentionDays;
  /** Level 1; saves three quarters of the bytes, and nothing on loopback. */
  gzip: boolean;
  writeTimeoutMs?: number;
  queryTimeoutMs?: number;
}

export interface Influx1Deps {
  http: HttpPort;
  clock: Clock;
  observer: Observer;
}

const GZIP_LEVEL = 1;
const SOCKET_SCHEME = 'http+unix:';
const compress = promisify(gzip);

/**
 * InfluxDB 1.x. Schema and queries go through `influx`; lines are posted by ourselves, because its `writePoints` parses
 * an object per point, does not compress, and throws the text of a 5xx away.
 */
export class Influx1Store implements Store {
  readonly #options: Influx1Options;
  readonly #deps: Influx1Deps;
  readonly #admin: InfluxDB;
  #reader: InfluxDB;

  constructor(options: Influx1Options, deps: Influx1Deps) {
    this.#options = options;
    this.#deps = deps;
    this.#admin = connect(options, options);
    this.#reader = this.#admin;
  }

  /** Every tier at once. A user without administrator's rights may use a database that was prepared for it. */
  async ensure(signal?: AbortSignal, tier: Tier = 'raw'): Promise<void> {
    try {
      await this.#ensureSchema(signal);
    } catch (error) {
      if (!refused(error) || !(await this.#prepared(signal))) throw error;
      this.#deps.observer.log.warn({ part: 'influx' }, 'we may not change the database; it is used as it is');
    }
    // Setting a password costs InfluxDB as much as a thousand writes; once is enough.
    if (tier === 'raw') await this.#ensureReader(signal);
  }

  async ping(): Promise<{ version: string }> {
    const [host] = await this.#ask((influx) => influx.ping(this.#queryTimeoutMs));
    if (!host?.online) throw new CitywatchError('store.unavailable', { detail: 'InfluxDB does not answer.' });
    return { version: String(host.version ?? 'unknown') };
  }

  /** The name of a tier is that of its retention policy. */
  async write(
    lines: readonly string[],
    signal: AbortSignal,
    tier: Tier = 'raw',
  ): Promise<{ rejected: RejectedLine[] }> {
    return { rejected: await storeLines(lines, (part) => this.#post(part, tier, signal)) };
  }

  async points(query: PointsQuery, signal?: AbortSignal): Promise<StoredPoint[]> {
    return (await this.#rows(pointsStatement(query), signal)).map((row) => toPoint(row, query.fields));
  }

  async buckets(query: BucketsQuery, signal?: AbortSignal): Promise<StoredBucket[]> {
    return (await this.#rows(bucketsStatement(query), signal)).map((row) => toBucket(row, query));
  }

  get #queryTimeoutMs(): number {
    return this.#options.queryTimeoutMs ?? 20_000;
  }

  /** By POST, because a question about many devices is longer than a URL may be. */
  async #rows({ statement, placeholders }: Statement, signal?: AbortSignal): Promise<PointRow[]> {
    return await this.#ask(
      (_, abort) => this.#reader.query(statement, { method: 'POST' as const, placeholders, signal: abort }),
      signal,
    );
  }

  /**
   * One call of the library under our own deadline: its timeout ends with the answer's first byte, so an answer that
   * stops half way would be waited for without end.
   */
  async #ask<T>(call: (influx: InfluxDB, signal: AbortSignal) => Promise<T>, parent?: AbortSignal): Promise<T> {
    const limit = deadline(this.#deps.clock, this.#queryTimeoutMs, parent);
    const late = new Promise<never>((_, reject) => {
      const fail = () => reject(limit.signal.reason);
      if (limit.signal.aborted) fail();
      limit.signal.addEventListener('abort', fail, { once: true });
    });
    late.catch(() => {});
    try {
      return await Promise.race([call(this.#admin, limit.signal), late]);
    } catch (error) {
      parent?.throwIfAborted();
      throw translate(error);
    } finally {
      limit.cancel();
    }
  }

  async #ensureSchema(signal?: AbortSignal): Promise<void> {
    const { database, retentionDays } = this.#options;
    await this.#ask((influx) => influx.createDatabase(database), signal);
    await ensurePolicies(database, retentionDays, {
      policies: () => this.#ask((influx) => influx.showRetentionPolicies(database), signal),
      command: (statement) => this.#command(statement, signal),
    });
  }

  async #prepared(signal?: AbortSignal): Promise<boolean> {
    try {
      const policies = await this.#ask((influx) => influx.showRetentionPolicies(this.#options.database), signal);
      return policies.some((policy) => policy.name === 'raw');
    } catch (error) {
      if (refused(error)) return false;
      throw error;
    }
  }

  /**
   * Queries run as a user that may only read. Its password follows from ours, so nothing more has to be kept, and
   * several gateways on one server agree. Where we are no administrator, queries run as ourselves.
   */
  async #ensureReader(signal?: AbortSignal): Promise<void> {
    const { database, username, password } = this.#options;
    if (username === null || password === null) return;
    const reader = {
      username: `${database}_reader`,
      password: createHmac('sha256', password).update(`read ${database}`).digest('base64url'),
    };
    const user = influxEscape.quoted(reader.username);
    try {
      // The library's own calls would put the password into the URL of the request.
      await this.#command(`CREATE USER ${user} WITH PASSWORD '${reader.password}'`, signal).catch(() =>
        this.#command(`SET PASSWORD FOR ${user} = '${reader.password}'`, signal),
      );
      await this.#ask((influx) => influx.grantPrivilege(reader.username, 'READ', database), signal);
    } catch (error) {
      if (!refused(error)) throw error;
      this.#deps.observer.log.warn({ part: 'influx' }, 'no read-only user could be made; queries run as our own user');
      return;
    }
    this.#reader = connect(this.#options, reader);
  }

  async #command(statement: string, signal?: AbortSignal): Promise<void> {
    await this.#ask((influx, abort) => influx.query(statement, { method: 'POST', signal: abort }), signal);
  }

  async #post(lines: readonly string[], tier: Tier, signal: AbortSignal) {
    signal.throwIfAborted();
    const { url, database, username, password } = this.#options;
    const text = Buffer.from(lines.join('\n'));
    const body = this.#options.gzip ? await compress(text, { level: GZIP_LEVEL }) : text;
    const headers: Record<string, string> = { 'content-type': 'text/plain; charset=utf-8' };
    if (this.#options.gzip) headers['content-encoding'] = 'gzip';
    if (username !== null) {
      headers.authorization = `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
    }
    const query = new URLSearchParams({ db: database, rp: tier, precision: 'ns' });
    const answer = await this.#deps.http
      .http({
        url: `${url.replace(/\/$/, '')}/write?${query}`,
        method: 'POST',
        headers,
        body,
        deadlineMs: this.#options.writeTimeoutMs ?? 30_000,
        maxBytes: ANSWER_BYTES_MAX,
        networks: 'services',
        signal,
      })
      .catch((error: unknown) => {
        signal.throwIfAborted();
        throw translate(error);
      });
    return outcomeOf(answer);
  }
}

function refused(error: unknown): boolean {
  return error instanceof CitywatchError && error.code === 'store.refused';
}

/** The library's pool puts a host away for a while after one failure; with one host that only hides its recovery. */
const neverAway: NonNullable<IPoolOptions['backoff']> = {
  getDelay: () => 0,
  next: () => neverAway,
  reset: () => neverAway,
};

function connect(
  { url, database, queryTimeoutMs = 20_000 }: Influx1Options,
  user: { username: string | null; password: string | null },
): InfluxDB {
  const { host, hostname, port, protocol, pathname } = new URL(url);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  const socket = protocol === SOCKET_SCHEME;
  return new InfluxDB({
    host: socket ? 'localhost' : hostname,
    port: Number(port) || (scheme === 'https' ? 443 : 80),
    protocol: scheme,
    path: pathname === '/' ? '' : pathname,
    options: socket ? { socketPath: decodeURIComponent(host) } : { lookup: machineNames.services.lookup },
    // Left out, the library would offer "root" with the password "root".
    username: user.username as string,
    password: user.password ?? '',
    database,
    // One more try covers a kept connection that the server closed while it restarted.
    pool: { backoff: neverAway, maxRetries: 1, requestTimeout: queryTimeoutMs },
  });
}

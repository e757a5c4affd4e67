import { CitywatchError, messageOf } from '../../core/errors.ts';
import { Registry } from '../../core/observe.ts';
import { fine, problem, type Remark, warning } from '../../core/setup/remarks.ts';
import { letsNobodyIn } from '../../platform/database/arrival.ts';
import { DATABASE_LIMITS, Database, sql } from '../../platform/database/database.ts';
import { SqlError } from '../../platform/database/sql-errors.ts';
import { codeOf } from '../../platform/outbound/failure.ts';
import { chooseStore } from '../compose/telemetry/store.ts';
import { askRedis } from '../local-services/redis-probe.ts';
import type { DoctorDeps } from './deps.ts';
import { isOlder } from './programs.ts';

/** Clocks of two servers further apart than this make times of the same event contradict each other. */
const SKEW_MS_MAX = 2_000;

/** The server behind REDIS_URL: BullMQ keeps jobs there that must not be thrown away when memory gets short. */
export async function checkRedisServer({ config, clock }: DoctorDeps, signal: AbortSignal): Promise<Remark[]> {
  const url = config.redis.url ?? '';
  const number = /^rediss?:.*\/(\d+)$/.exec(url)?.[1];
  const select = number === undefined ? [] : [['SELECT', number]];
  try {
    const before = clock.nowMs();
    const [time, info] = (await askRedis(url, [...select, ['TIME'], ['INFO']], signal)).slice(select.length);
    const theirMs = Array.isArray(time) ? Number(time[0]) * 1_000 + Number(time[1]) / 1_000 : Number.NaN;
    return [...judgeRedis(String(info)), ...judgeSkew('Redis', theirMs, (before + clock.nowMs()) / 2)];
  } catch (error) {
    return [whyNotRedis(messageOf(error))];
  }
}

/** What a refusal of Redis means, in its own words or the system's. */
export function whyNotRedis(said: string): Remark {
  const known: [RegExp, what: string, remedy: string][] = [
    [/WRONGPASS|invalid password/i, 'refuses user or password', 'check user and password in REDIS_URL'],
    [/NOAUTH/, 'asks for a password', 'put it into REDIS_URL (redis://:password@host)'],
    [
      /without any password|no password is set/i,
      'has no password set, and REDIS_URL brings one',
      'take the password out of REDIS_URL, or set requirepass in its configuration',
    ],
    [/DB index/i, 'has no database of this number', 'check the number behind the last / in REDIS_URL'],
    [/NOPERM/, 'gives this user too few rights', 'let the user of REDIS_URL run all commands (ACL SETUSER)'],
  ];
  const found = known.find(([pattern]) => pattern.test(said));
  if (found) return problem('redis', found[1], found[2]);
  return problem('redis', `does not answer (${said})`, 'check REDIS_URL and that the server runs');
}

/** A warning where the clock of a server we depend on is not ours; a time that cannot be read says nothing. */
export function judgeSkew(server: string, theirMs: number, ourMs: number): Remark[] {
  const skewMs = Math.round(theirMs - ourMs);
  if (!(Math.abs(skewMs) > SKEW_MS_MAX)) return [];
  const what = `the clock of ${server} is ${skewMs} ms from ours`;
  return [warning('clock', what, 'let NTP keep the clocks of both machines (timedatectl set-ntp true)')];
}

/** What the text of INFO says about version, eviction and append-only file. */
export function judgeRedis(info: string): Remark[] {
  const value = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const version = value('redis_version');
  const remarks: Remark[] = [];
  if (isOlder(['', ...version.split('.')])) {
    remarks.push(problem('redis', `version ${version || 'unknown'} is older than 6.2`, 'upgrade Redis'));
  }
  const policy = value('maxmemory_policy');
  if (policy !== 'noeviction') {
    const remedy = 'set maxmemory-policy noeviction in its configuration (CONFIG SET maxmemory-policy noeviction)';
    remarks.push(problem('redis', `throws keys away when memory is short (${policy || 'unknown policy'})`, remedy));
  }
  if (value('aof_enabled') !== '1') {
    const remedy = 'set appendonly yes in its configuration (CONFIG SET appendonly yes)';
    remarks.push(warning('redis', 'forgets jobs when it ends; the sweep then finds the work later', remedy));
  }
  return remarks.length > 0 ? remarks : [fine('redis', `Redis ${version}, noeviction, append-only file`)];
}

/** The server behind DATABASE_URL, which has `patienceMs` to let us in. */
export async function checkDatabaseServer(deps: DoctorDeps, patienceMs: number): Promise<Remark[]> {
  const { config, clock, observer, ended } = deps;
  try {
    // This pool is not the gateway's: it must not stand for it in the metrics.
    const own = { log: observer.log, metrics: new Registry() };
    const database = await Database.open({
      url: config.database.url ?? '',
      observer: own,
      clock,
      patienceMs,
      ended,
      limits: DATABASE_LIMITS,
    });
    try {
      const before = clock.nowMs();
      const { rows } = await sql<{ atMs: string; version: string }>`
        select (extract(epoch from clock_timestamp()) * 1000)::text as "atMs",
               current_setting('server_version') as version
      `.execute(database.tables());
      const skew = judgeSkew('the database server', Number(rows[0]?.atMs), (before + clock.nowMs()) / 2);
      return [fine('postgres', `PostgreSQL ${rows[0]?.version}`), ...skew];
    } finally {
      await database.close();
    }
  } catch (error) {
    return [whyNotDatabase(error)];
  }
}

const DATABASE_REFUSALS: Record<string, [what: string, remedy: string]> = {
  '28P01': ['refuses user or password', 'check user and password in DATABASE_URL'],
  '28000': ['does not let this user in from here', 'check the user in DATABASE_URL, and pg_hba.conf of the server'],
  '3D000': ['has no such database', 'create the database that DATABASE_URL names (createdb), or name another one'],
  '42501': ['gives this user too few rights', 'make the user of DATABASE_URL owner of the database'],
  '53300': ['has no connection left for us', 'end what holds them, or raise max_connections in its configuration'],
  '57P03': [
    'is starting, recovering or stopping, and lets nobody in',
    'wait until it is ready; its log says how far it is',
  ],
};

function whyNotDatabase(error: unknown): Remark {
  const cause = rootOf(error);
  const [what, remedy] = DATABASE_REFUSALS[cause instanceof SqlError ? cause.sqlstate : ''] ?? [];
  if (what && remedy) return problem('postgres', what, remedy);
  const code = cause instanceof SqlError ? null : codeOf(cause);
  const why = `${messageOf(error)}${code ? ` (${code})` : ''}`;
  if (letsNobodyIn(error)) {
    const busy = 'it may be starting or recovering, or have no memory or process left';
    return problem('postgres', why, `${busy}; check too that DATABASE_URL names PostgreSQL and no other server`);
  }
  return problem('postgres', why, 'check host and port in DATABASE_URL, and that the server runs');
}

/** What the server or the system said, below what was made of it. */
function rootOf(error: unknown): unknown {
  return error instanceof CitywatchError ? rootOf(error.cause) : error;
}

const ANSWER_BYTES_MAX = 64 * 1024;
const ANSWER_DEADLINE_MS = 5_000;

export async function checkInfluxServer(deps: DoctorDeps, signal: AbortSignal): Promise<Remark[]> {
  const { config, outbound } = deps;
  if (config.influx.token) return checkInflux2(deps, signal);
  const { url, username, password } = config.influx;
  const login: Record<string, string> = {};
  if (username) login.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const ask = (path: string) =>
    outbound.http({
      url: `${url}${path}`,
      method: 'GET',
      headers: login,
      deadlineMs: ANSWER_DEADLINE_MS,
      maxBytes: ANSWER_BYTES_MAX,
      networks: 'services',
      signal,
    });
  try {
    const before = deps.clock.nowMs();
    const { headers } = await ask('/ping');
    const skew = judgeSkew('InfluxDB', Date.parse(String(headers.date)), (before + deps.clock.nowMs()) / 2);
    const version = String(headers['x-influxdb-version'] ?? 'unknown');
    if (!/^v?1\./.test(version)) {
      const remedy = 'for InfluxDB 2.x set INFLUX_TOKEN, INFLUX_ORG and INFLUX_BUCKET; else use 1.x';
      return [problem('influx', `version ${version} is not 1.x`, remedy)];
    }
    const { status, body } = await ask('/query?q=SHOW%20DATABASES');
    // Only who may make a database may see the users.
    const mayMake = status === 200 && (await ask('/query?q=SHOW%20USERS')).status === 200;
    const answer = { version, status, text: body.toString(), mayMake };
    return [judgeInflux1(answer, config.influx.database), ...skew];
  } catch (error) {
    return [problem('influx', `does not answer (${messageOf(error)})`, 'check INFLUX_URL and that the server runs')];
  }
}

export interface Influx1Answer {
  version: string;
  /** Of `SHOW DATABASES`. */
  status: number;
  text: string;
  /** Whether our user may make databases, as the gateway does at its start. */
  mayMake: boolean;
}

export function judgeInflux1({ version, status, text, mayMake }: Influx1Answer, database: string): Remark {
  if (status === 401) {
    return problem('influx', 'refuses user or password', 'check INFLUX_USERNAME and INFLUX_PASSWORD');
  }
  if (status === 403) {
    return problem('influx', 'gives this user too few rights', `grant all on "${database}" to INFLUX_USERNAME`);
  }
  if (status !== 200) return problem('influx', `answers ${status}`, 'check that INFLUX_URL leads to InfluxDB 1.x');
  if (mayMake || text.includes(`"${database}"`)) return fine('influx', `InfluxDB ${version}`);
  const remedy = `make it (CREATE DATABASE "${database}") and grant all on it to INFLUX_USERNAME`;
  return warning('influx', `has no database "${database}" that this user sees or may make`, remedy);
}

async function checkInflux2({ config, outbound: http, clock, observer }: DoctorDeps, signal: AbortSignal) {
  const address = { url: config.influx.url ?? '', username: null, password: null, local: false };
  const store = chooseStore(config, address, { http, clock, observer });
  try {
    const { version } = await store.ping();
    if (/^v?1\./.test(version)) {
      const remedy = 'remove INFLUX_TOKEN, INFLUX_ORG and INFLUX_BUCKET, or set INFLUX_URL to InfluxDB 2.x';
      return [problem('influx', `version ${version} takes no tokens`, remedy)];
    }
    await store.ensure(signal);
    return [fine('influx', `InfluxDB ${version}`)];
  } catch (error) {
    return [problem('influx', messageOf(error), 'check INFLUX_URL, INFLUX_TOKEN, INFLUX_ORG and INFLUX_BUCKET')];
  }
}

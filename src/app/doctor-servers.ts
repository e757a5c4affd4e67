import { messageOf } from '../core/errors.ts';
import { Registry } from '../core/observe.ts';
import { Database, sql } from '../platform/database.ts';
import { type DoctorDeps, type Finding, fine, problem, warning } from './doctor-findings.ts';
import { isOlder } from './doctor-programs.ts';
import { askRedis } from './local-services/redis-probe.ts';
import { chooseStore } from './store.ts';

/** Clocks of two servers further apart than this make times of the same event contradict each other. */
const SKEW_MS_MAX = 2_000;

/** The server behind REDIS_URL: BullMQ keeps jobs there that must not be thrown away when memory gets short. */
export async function checkRedisServer({ config }: DoctorDeps, signal: AbortSignal): Promise<Finding[]> {
  try {
    const [answer] = await askRedis(config.redis.url ?? '', [['INFO']], signal);
    return judgeRedis(String(answer));
  } catch (error) {
    return [problem('redis', `does not answer (${messageOf(error)})`, 'check REDIS_URL and that the server runs')];
  }
}

/** What the text of INFO says about version, eviction and append-only file. */
export function judgeRedis(info: string): Finding[] {
  const value = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const version = value('redis_version');
  const findings: Finding[] = [];
  if (isOlder(['', ...version.split('.')])) {
    findings.push(problem('redis', `version ${version || 'unknown'} is older than 6.2`, 'upgrade Redis'));
  }
  const policy = value('maxmemory_policy');
  if (policy !== 'noeviction') {
    const remedy = 'set maxmemory-policy noeviction in its configuration (CONFIG SET maxmemory-policy noeviction)';
    findings.push(problem('redis', `throws keys away when memory is short (${policy || 'unknown policy'})`, remedy));
  }
  if (value('aof_enabled') !== '1') {
    const remedy = 'set appendonly yes in its configuration (CONFIG SET appendonly yes)';
    findings.push(warning('redis', 'forgets jobs when it ends; the sweep then finds the work later', remedy));
  }
  return findings.length > 0 ? findings : [fine('redis', `Redis ${version}, noeviction, append-only file`)];
}

export async function checkDatabaseServer({ config, clock, observer }: DoctorDeps): Promise<Finding[]> {
  const remedy = 'check DATABASE_URL, and that the server runs and lets us in';
  try {
    // This pool is not the gateway's: it must not stand for it in the metrics.
    const own = { log: observer.log, metrics: new Registry() };
    const database = await Database.open({ url: config.database.url ?? '', observer: own, clock });
    try {
      const before = clock.nowMs();
      const { rows } = await sql<{ atMs: string; version: string }>`
        select (extract(epoch from clock_timestamp()) * 1000)::text as "atMs",
               current_setting('server_version') as version
      `.execute(database.tables());
      const skewMs = Math.round(Number(rows[0]?.atMs) - (before + clock.nowMs()) / 2);
      const found = [fine('postgres', `PostgreSQL ${rows[0]?.version}`)];
      if (Math.abs(skewMs) > SKEW_MS_MAX) {
        const what = `the clock of the database server is ${skewMs} ms from ours`;
        found.push(warning('clock', what, 'let NTP keep the clocks of both machines (timedatectl set-ntp true)'));
      }
      return found;
    } finally {
      await database.close();
    }
  } catch (error) {
    return [problem('postgres', messageOf(error), remedy)];
  }
}

const ANSWER_BYTES_MAX = 64 * 1024;
const ANSWER_DEADLINE_MS = 5_000;

export async function checkInfluxServer(deps: DoctorDeps, signal: AbortSignal): Promise<Finding[]> {
  const { config, outbound } = deps;
  if (config.influx.token) return checkInflux2(deps, signal);
  const { url, username, password } = config.influx;
  const login: Record<string, string> = {};
  if (username) login.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const limits = { deadlineMs: ANSWER_DEADLINE_MS, maxBytes: ANSWER_BYTES_MAX, networks: 'services', signal } as const;
  const ask = (path: string) => outbound.http({ url: `${url}${path}`, method: 'GET', headers: login, ...limits });
  try {
    const { headers } = await ask('/ping');
    const version = String(headers['x-influxdb-version'] ?? 'unknown');
    if (!/^v?1\./.test(version)) {
      const remedy = 'for InfluxDB 2.x set INFLUX_TOKEN, INFLUX_ORG and INFLUX_BUCKET; else use 1.x';
      return [problem('influx', `version ${version} is not 1.x`, remedy)];
    }
    const { status } = await ask('/query?q=SHOW%20DATABASES');
    if (status === 200) return [fine('influx', `InfluxDB ${version}`)];
    return [problem('influx', `answers ${status}`, 'check INFLUX_USERNAME and INFLUX_PASSWORD')];
  } catch (error) {
    return [problem('influx', `does not answer (${messageOf(error)})`, 'check INFLUX_URL and that the server runs')];
  }
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

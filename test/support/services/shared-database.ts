import { randomBytes } from 'node:crypto';
import { systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database } from '../../../src/platform/database/database.ts';
import { type Owner, quietObserver, startPostgres, startRedis } from './services.ts';

/** Name of the database with the schema of this version and nothing else. */
export const TEMPLATE = 'citywatch_template';

interface Shared {
  database: string;
  redis: string;
  influx: { url: string; username: string; password: string };
}

/** What `npm test` started for all files; a file that is run by itself has none. */
function shared(): Shared | null {
  const text = process.env.TEST_SERVICES;
  return text ? JSON.parse(text) : null;
}

/** As much of a server as most tests want. */
interface Reached {
  url: string;
}

/**
 * A new database with the schema of this version, gone after the test. On a server that other tests use at
 * the same time: a test that stops, fills or configures its server takes `startPostgres`.
 */
export async function freshDatabase(t: Owner): Promise<Reached> {
  const server = shared()?.database;
  if (server === undefined) return await startPostgres(t);
  const name = `test_${randomBytes(8).toString('hex')}`;
  await asAdmin(server, `create database ${name} template ${TEMPLATE} strategy file_copy`);
  t.teardown(() => asAdmin(server, `drop database ${name} with (force)`));
  return { url: server.replace('/postgres?', `/${name}?`) };
}

/** A Redis that other tests use at the same time: queues are named by `databaseId`. */
export async function sharedRedis(t: Owner): Promise<Reached> {
  const url = shared()?.redis;
  return url === undefined ? await startRedis(t) : { url };
}

/**
 * Settings of a gateway that brings no PostgreSQL and no Redis of its own, which is most of what a start costs: for a
 * test that breaks neither and does not look below the gateway's directory. A file run by itself has none to lend.
 */
export async function lentServices(t: Owner): Promise<Record<string, string>> {
  if (shared() === null) return {};
  const [database, redis] = await Promise.all([freshDatabase(t), sharedRedis(t)]);
  return { DATABASE_URL: database.url, REDIS_URL: redis.url };
}

/**
 * Settings of a gateway that brings no InfluxDB of its own, but has a database in the one that other tests use at the
 * same time, gone after the test. Not for a test that stops it or counts its processes.
 */
export function lentInflux(t: Owner): Record<string, string> {
  const server = shared()?.influx;
  if (server === undefined) return {};
  const { url, username, password } = server;
  const name = `test_${randomBytes(8).toString('hex')}`;
  t.teardown(async () => {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const body = new URLSearchParams({ q: `drop database "${name}"` });
    const { ok, status } = await fetch(`${url}/query`, { method: 'POST', headers: { authorization }, body });
    if (!ok) throw new Error(`dropping ${name} answered ${status}`);
  });
  return { INFLUX_URL: url, INFLUX_USERNAME: username, INFLUX_PASSWORD: password, INFLUX_DATABASE: name };
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const admin = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
  try {
    await admin.dedicated((run) => run(statement));
  } finally {
    await admin.close();
  }
}

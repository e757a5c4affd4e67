import { appendFile, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from '../../../src/app/local-services/data-directory.ts';
import { startInflux } from '../../../src/app/local-services/influx.ts';
import { forgetInstance } from '../../../src/app/local-services/postgres/instance.ts';
import { findCluster, startPostgres } from '../../../src/app/local-services/postgres/postgres.ts';
import { startRedis } from '../../../src/app/local-services/redis.ts';
import { ensureSystemUser, isRoot } from '../../../src/app/local-services/system-user.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database } from '../../../src/platform/database/database.ts';
import { serveChromium } from '../web/chromium.ts';
import { bringCluster } from './ready-cluster.ts';
import { quietObserver, serviceDeps } from './services.ts';
import { TEMPLATE } from './shared-database.ts';

/**
 * A child process of `npm test`: one PostgreSQL, one Redis and one InfluxDB for all test files that break none of them,
 * and one Chromium where it is called with the word `browser`. Prints how they are reached as one line of JSON when
 * they run, and ends them when its standard input ends.
 */
const directory = await mkdtemp(join(tmpdir(), 'cw-shared-'));
const deps = serviceDeps();
/**
 * Where the databases of the tests lie: beside their other temporary files where those are in memory, also for root,
 * whose clusters lie on a disk. Each is some 700 files that are gone a second later, and ext4 looks for long past the
 * places of files that went a moment ago. Null where the temporary files lie on a disk, maybe closed to PostgreSQL.
 */
const tables = tmpdir().startsWith('/dev/shm/') ? await mkdtemp(join(tmpdir(), 'cw-tables-')) : null;
const place = await DataDirectory.open(directory, deps.secrets);

/** What is in it is gone with the run, so it need not survive a power cut. */
const SETTINGS = ['fsync = off', 'full_page_writes = off', 'autovacuum = off'];

/** A file has a database, and some ten sessions for each gateway's part that it starts; a dozen run side by side. */
const SESSIONS_MAX = 400;

async function startSharedPostgres() {
  await bringCluster(directory, 'migrated');
  const { cluster } = await findCluster(directory);
  await appendFile(join(cluster, 'postgresql.auto.conf'), `${SETTINGS.join('\n')}\n`);
  const server = await startPostgres(place, { ...deps, sessionsMax: SESSIONS_MAX });
  // A template is one nobody is connected to: not the database that everybody finds a server by.
  const url = server.url.replace('/postgres?', '/template1?');
  const admin = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
  if (tables !== null) {
    const user = isRoot() ? await ensureSystemUser() : null;
    if (user) await chown(tables, user.uid, user.gid);
    await admin.dedicated((statement) => statement(`create tablespace tests location '${tables}'`));
  }
  const where = tables === null ? '' : 'tablespace tests';
  const made = `create database ${TEMPLATE} template postgres ${where} strategy file_copy`;
  await admin.dedicated((statement) => statement(made));
  await admin.close();
  return server;
}

const [postgres, redis, influx, browser] = await Promise.all([
  startSharedPostgres(),
  startRedis(place, deps),
  startInflux(place, deps, 'ports'),
  process.argv.includes('browser') ? serveChromium() : null,
]);
const { url, username, password } = influx;
const servers = { database: postgres.url, redis: redis.url, influx: { url, username, password } };
process.stdout.write(`${JSON.stringify({ ...servers, browser: browser?.address ?? null })}\n`);
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('close', resolve));
await Promise.all([postgres.stop(), redis.stop(), influx.stop(), browser?.stop()]);
await place.close();
await forgetInstance(directory);
for (const path of [directory, tables]) if (path !== null) await rm(path, { recursive: true, force: true });

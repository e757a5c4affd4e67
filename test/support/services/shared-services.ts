import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from '../../../src/app/local-services/data-directory.ts';
import { forgetInstance } from '../../../src/app/local-services/postgres/instance.ts';
import { findCluster, startPostgres } from '../../../src/app/local-services/postgres/postgres.ts';
import { startRedis } from '../../../src/app/local-services/redis.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database } from '../../../src/platform/database/database.ts';
import { bringCluster } from './ready-cluster.ts';
import { quietObserver, serviceDeps } from './services.ts';
import { TEMPLATE } from './shared-database.ts';

/**
 * A child process of `npm test`: one PostgreSQL and one Redis for all test files that break neither. Prints their
 * addresses as one line of JSON when they run, and ends them when its standard input ends.
 */
const directory = await mkdtemp(join(tmpdir(), 'cw-shared-'));
const deps = serviceDeps();
const place = await DataDirectory.open(directory, deps.secrets);

/** What is in it is gone with the run, so it need not survive a power cut. */
const SETTINGS = ['fsync = off', 'full_page_writes = off', 'autovacuum = off'];

async function startSharedPostgres() {
  await bringCluster(directory, 'migrated');
  const { cluster } = await findCluster(directory);
  await appendFile(join(cluster, 'postgresql.auto.conf'), `${SETTINGS.join('\n')}\n`);
  const server = await startPostgres(place, deps);
  // A template is one nobody is connected to: not the database that everybody finds a server by.
  const url = server.url.replace('/postgres?', '/template1?');
  const admin = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
  await admin.dedicated((statement) => statement(`create database ${TEMPLATE} template postgres strategy file_copy`));
  await admin.close();
  return server;
}

const [postgres, redis] = await Promise.all([startSharedPostgres(), startRedis(place, deps)]);
process.stdout.write(`${JSON.stringify({ database: postgres.url, redis: redis.url })}\n`);
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('close', resolve));
await Promise.all([postgres.stop(), redis.stop()]);
await place.close();
await forgetInstance(directory);
await rm(directory, { recursive: true, force: true });

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from '../../../src/app/local-services/data-directory.ts';
import { forgetInstance } from '../../../src/app/local-services/postgres/instance.ts';
import { startPostgres } from '../../../src/app/local-services/postgres/postgres.ts';
import { startRedis } from '../../../src/app/local-services/redis.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { Database } from '../../../src/platform/database/database.ts';
import { migrate } from '../../../src/platform/database/migrate.ts';
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
const SETTINGS = ['fsync = off', 'full_page_writes = off', 'max_connections = 400'];

async function startSharedPostgres() {
  const first = await startPostgres(place, deps);
  const open = (url: string) => Database.open({ url, observer: quietObserver(), clock: systemClock });
  const admin = await open(first.url);
  await admin.dedicated(async (statement) => {
    for (const setting of SETTINGS) await statement(`alter system set ${setting}`);
    await statement(`create database ${TEMPLATE}`);
  });
  await admin.close();
  const template = await open(first.url.replace('/postgres?', `/${TEMPLATE}?`));
  await migrate(template);
  await template.close();
  await first.stop();
  return await startPostgres(place, deps);
}

const [postgres, redis] = await Promise.all([startSharedPostgres(), startRedis(place, deps)]);
process.stdout.write(`${JSON.stringify({ database: postgres.url, redis: redis.url })}\n`);
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('close', resolve));
await Promise.all([postgres.stop(), redis.stop()]);
await place.close();
await forgetInstance(directory);
await rm(directory, { recursive: true, force: true });

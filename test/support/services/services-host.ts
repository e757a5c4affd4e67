import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataDirectory } from '../../../src/app/local-services/data-directory.ts';
import { startInflux } from '../../../src/app/local-services/influx.ts';
import { startPostgres } from '../../../src/app/local-services/postgres/postgres.ts';
import { startRedis } from '../../../src/app/local-services/redis.ts';
import { bringCluster } from './ready-cluster.ts';
import { serviceDeps } from './services.ts';

/** What {@link main} prints once everything answers. */
export interface HostedServices {
  postgres: { url: string; pid: number };
  redis: { url: string; pid: number };
  influx: { url: string; pid: number };
}

/** A process of its own that runs the private services of the data directory it is given, for tests that kill it. */
async function main(directory: string): Promise<void> {
  const deps = serviceDeps();
  const place = await DataDirectory.open(directory, deps.secrets);
  const hasCluster = await lstat(join(directory, 'postgres')).catch(() => null);
  if (!hasCluster) await bringCluster(directory, 'plain');
  const services = await Promise.all([startPostgres(place, deps), startRedis(place, deps), startInflux(place, deps)]);
  const [postgres, redis, influx] = services.map(({ url, child }) => ({ url, pid: child.pid }));
  process.on('SIGTERM', async () => {
    await Promise.all(services.map((service) => service.stop()));
    await place.close();
    process.exit(0);
  });
  process.stdout.write(`${JSON.stringify({ postgres, redis, influx })}\n`);
}

if (process.argv[2] && import.meta.filename === process.argv[1]) {
  main(process.argv[2]).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}

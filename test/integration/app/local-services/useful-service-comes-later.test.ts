import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { DataDirectory } from '../../../../src/app/local-services/data-directory.ts';
import { startRedis } from '../../../../src/app/local-services/redis.ts';
import { serviceDeps, temporaryDirectory } from '../../../support/services/services.ts';
import { until } from '../../../support/time/until.ts';

t.test('a private Redis that cannot come up refuses no start, and comes up once it can', async (t) => {
  const deps = serviceDeps();
  const place = await DataDirectory.open(await temporaryDirectory(t), deps.secrets);
  t.teardown(() => place.close());
  const broken = join(place.path, 'redis', 'appendonlydir');
  await mkdir(broken, { recursive: true });
  await writeFile(join(broken, 'appendonly.aof.manifest'), 'not a manifest\n');
  const redis = await startRedis(place, deps);
  t.teardown(() => redis.stop());
  t.equal(redis.child.ready, false);
  await until('it is tried again', () => redis.child.restarts() > 0);
  await rm(broken, { recursive: true });
  await until('it answers', () => redis.child.ready);
});

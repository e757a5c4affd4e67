import { existsSync } from 'node:fs';
import t from 'tap';
import { startInflux, startPostgres, startRedis } from '../../support/services/services.ts';

t.test('all three private servers start beside each other and leave nothing behind', async (t) => {
  const pids: number[] = [];
  await t.test('start', async (t) => {
    const [postgres, redis, influx] = await Promise.all([startPostgres(t), startRedis(t), startInflux(t)]);
    for (const { child } of [postgres, redis, influx]) {
      t.equal(child.ready, true, `${child.name} answers`);
      if (child.pid) pids.push(child.pid);
    }
    t.match(postgres.url, /^postgresql:\/\/citywatch:[\w-]{43}@\/postgres\?host=/);
    t.match(redis.url, /^unix:\/\/:[\w-]{43}@\//);
    t.match(influx.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  });
  t.same(
    pids.map((pid) => existsSync(`/proc/${pid}`)),
    [false, false, false],
  );
});

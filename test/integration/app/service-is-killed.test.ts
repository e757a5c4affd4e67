import t from 'tap';
import { isRunning } from '../../support/processes.ts';
import { startInflux, startPostgres, startRedis } from '../../support/services/services.ts';
import { until } from '../../support/time/until.ts';

const STARTS = { postgres: startPostgres, redis: startRedis, influx: startInflux };

for (const [name, start] of Object.entries(STARTS)) {
  t.test(`${name} that is killed comes back on the same address`, async (t) => {
    const { child } = await start(t);
    for (const round of [1, 2]) {
      const pid = child.pid ?? 0;
      process.kill(pid, 'SIGKILL');
      await until('its end is noticed', () => !child.ready);
      await until('it is back', () => child.ready);
      t.not(child.pid, pid);
      t.equal(child.restarts(), round);
      t.equal(isRunning(pid), false);
    }
  });
}

t.test('a service that is to restart ends in order and comes back', async (t) => {
  const { child } = await startInflux(t);
  const pid = child.pid ?? 0;
  child.restart();
  await until('its end is noticed', () => !child.ready);
  await until('it is back', () => child.ready);
  t.not(child.pid, pid);
  child.restart();
  child.restart();
  await until('its end is noticed', () => !child.ready);
  await until('it is back', () => child.ready);
  t.equal(child.restarts(), 2, 'asked twice at once counts once');
});

import t from 'tap';
import { systemClock } from '../../../src/core/clock.ts';
import { isRunning } from '../../support/processes.ts';
import { startSpawner } from '../../support/streams.ts';
import { until } from '../../support/until.ts';

t.test('processes are started no faster than the pace, urgent ones first', async (t) => {
  const one = await startSpawner(t, { startsPerS: 10 });
  const order: string[] = [];
  const beganMs = performance.now();
  const run = (name: string, urgent = false) =>
    one.run({ args: ['-c', 'exit 0'] }, { urgent }).ended.then(() => order.push(name));
  const all = [...Array.from({ length: 10 }, (_, n) => run(`pull-${n}`)), run('still', true)];
  await Promise.all(all);
  t.ok(performance.now() - beganMs >= 950, 'eleven starts at ten a second take a second');
  t.ok(order.indexOf('still') <= 2, order.join(' '));
});

t.test('a process that does not listen is ended after two seconds, and its end is told', async (t) => {
  const one = await startSpawner(t);
  const deaf = one.run({ args: ['-c', "trap '' TERM; while :; do sleep 0.1; done"] });
  const [pid = 0] = await until('it runs', () => (one.processIds.length > 0 ? one.processIds : null));
  await until('the trap is set', () => isRunning(pid));
  await systemClock.sleep(200);
  const stoppedMs = performance.now();
  deaf.stop();
  t.match(await deaf.ended, { how: 'exited', signal: 'SIGKILL' });
  t.ok(performance.now() - stoppedMs > 1_500);
  t.notOk(isRunning(pid));
});

t.test('a process says its last words, shortened, and nothing else of ours is in its environment', async (t) => {
  const one = await startSpawner(t);
  const { code, lines } = await one.run({
    args: ['-c', 'echo first >&2; env >&2; yes x | head -c 100000 | tr -d "\\n" >&2; exit 3'],
  }).ended;
  t.equal(code, 3);
  t.ok(lines.join('').length <= 3_100);
  process.env.PLANTED = 'planted-secret';
  t.teardown(() => delete process.env.PLANTED);
  const other = await startSpawner(t);
  for (const asked of [one, other]) {
    const { lines: environment } = await asked.run({ args: ['-c', 'env | grep -E "PLANTED|HOME|USER" >&2'] }).ended;
    t.same(environment, []);
  }
});

t.test('more processes than allowed are refused, those that wait can be taken back', async (t) => {
  const one = await startSpawner(t, { processesMax: 3, startsPerS: 1 });
  const jobs = Array.from({ length: 3 }, () => one.run({ args: ['-c', 'sleep 60'] }));
  t.match(await one.run({ args: ['-c', 'exit 0'] }).ended, { how: 'not-started' });
  jobs[2]?.stop();
  t.match(await jobs[2]?.ended, { how: 'not-started' });
  jobs[0]?.stop();
  t.match(await jobs[0]?.ended, { how: 'exited' });
});

t.test('a program that is not there is an end like any other', async (t) => {
  const one = await startSpawner(t, { ffmpegPath: '/nonexistent/ffmpeg' });
  t.match(await one.run({ args: [] }).ended, { how: 'exited', code: 127 });
});

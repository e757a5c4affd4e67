import { spawn } from 'node:child_process';
import t from 'tap';
import { Child } from '../../../src/app/local-services/child.ts';
import { DataDirectory } from '../../../src/app/local-services/data-directory.ts';
import { lockFile } from '../../../src/app/local-services/file-lock.ts';
import { startRedis } from '../../../src/app/local-services/redis.ts';
import { isRunning } from '../../support/processes.ts';
import { serviceDeps, temporaryDirectory } from '../../support/services.ts';

t.test('a service of an earlier life that would not end is ended before a new one starts', async (t) => {
  const deps = serviceDeps();
  const place = await DataDirectory.open(await temporaryDirectory(t), deps.secrets);
  t.teardown(() => place.close());
  const lock = await lockFile(`${await place.directory('redis')}/lock`, 0);
  const leftover = spawn('sleep', ['600'], { stdio: ['ignore', 'ignore', 'ignore', lock?.fd ?? 'ignore'] });
  t.teardown(() => leftover.kill('SIGKILL'));
  await lock?.release();
  const redis = await startRedis(place, deps);
  t.teardown(() => redis.stop());
  t.equal(isRunning(leftover.pid ?? 0), false);
  t.equal(redis.child.ready, true);
});

t.test(
  'a service that cannot start says so with its own last words, without secrets, and is not tried again',
  async (t) => {
    const deps = serviceDeps();
    deps.secrets.add('correct-horse-battery');
    const directory = await temporaryDirectory(t);
    const script = 'echo the disk is on fire, password correct-horse-battery >&2; exit 3';
    const spec = {
      name: 'oven',
      command: 'sh',
      args: ['-c', script],
      env: {},
      cwd: directory,
      lockPath: `${directory}/lock`,
    };
    const child = new Child(
      { ...spec, deathSignal: 'KILL', stopSignal: 'SIGTERM', probe: () => Promise.reject(new Error('no')) },
      deps,
    );
    const message = 'oven ended before it was ready with status 3 (the disk is on fire, password [redacted]).';
    await t.rejects(child.start(), { code: 'service.failed', message });
    t.equal(child.pid, null);
    t.equal(child.restarts(), 0);
  },
);

t.test('a program that is not there is named', async (t) => {
  const directory = await temporaryDirectory(t);
  const spec = { name: 'ghost', command: 'no-such-program', args: [], env: {}, cwd: directory };
  const rest = { lockPath: `${directory}/lock`, probe: () => Promise.reject(new Error('no')) };
  const child = new Child({ ...spec, ...rest, deathSignal: 'KILL', stopSignal: 'SIGTERM' }, serviceDeps());
  await t.rejects(child.start(), { message: /ghost ended before it was ready with status 127.*no-such-program/ });
});

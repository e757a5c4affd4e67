import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Child } from '../../../../src/app/local-services/child.ts';
import { DataDirectory } from '../../../../src/app/local-services/data-directory.ts';
import { lockFile } from '../../../../src/app/local-services/file-lock.ts';
import { startRedis } from '../../../../src/app/local-services/redis.ts';
import { isRunning } from '../../../support/processes.ts';
import { serviceDeps, temporaryDirectory } from '../../../support/services/services.ts';

/** They mostly wait for locks. */
const sideBySide = () => ({ buffered: true });
t.jobs = 5;

/** A process that holds the lock of the private Redis and ends when the test does. */
async function holder(t: Test, place: DataDirectory): Promise<ChildProcess> {
  const lock = await lockFile(join(await place.directory('redis'), 'lock'), 0);
  const held = spawn('sleep', ['600'], { stdio: ['ignore', 'ignore', 'ignore', lock?.fd ?? 'ignore'] });
  t.teardown(() => held.kill('SIGKILL'));
  await lock?.release();
  return held;
}

t.test('a service of an earlier life that would not end is ended before a new one starts', sideBySide(), async (t) => {
  const deps = serviceDeps();
  const place = await DataDirectory.open(await temporaryDirectory(t), deps.secrets);
  t.teardown(() => place.close());
  const leftover = await holder(t, place);
  const gone = spawn('true');
  await once(gone, 'exit');
  await writeFile(join(place.path, 'redis/lock'), `${gone.pid} 1\n`);
  const redis = await startRedis(place, deps);
  t.teardown(() => redis.stop());
  t.equal(isRunning(leftover.pid ?? 0), false);
  t.equal(redis.child.ready, true);
});

for (const how of ['is noted', 'is not noted']) {
  t.test(`a service whose gateway lives and ${how} is never taken for a leftover`, sideBySide(), (t) =>
    isLeftAlone(t, how === 'is noted'),
  );
}

async function isLeftAlone(t: Test, isNoted: boolean): Promise<void> {
  const deps = serviceDeps();
  const place = await DataDirectory.open(await temporaryDirectory(t), deps.secrets);
  t.teardown(() => place.close());
  const living = await holder(t, place);
  // The gateway is whoever started this test; nothing shows in which file its start is noted but /proc.
  const stat = await readFile(`/proc/${process.ppid}/stat`, 'utf8');
  const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  const lockPath = join(place.path, 'redis/lock');
  const spec = { name: 'redis', command: 'sleep', args: ['600'], env: {}, cwd: place.path, lockPath };
  await writeFile(lockPath, isNoted ? `${process.ppid} ${startedAt}\n` : '');
  const child = new Child({ ...spec, deathSignal: 'KILL', stopSignal: 'SIGTERM', probe: async () => {} }, deps);
  await t.rejects(child.start(), { message: /^Another redis .*holds .*redis\/lock; end it, then start/ });
  t.equal(isRunning(living.pid ?? 0), true);
}

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

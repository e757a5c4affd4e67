import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Processes } from '../../../src/streams/ffmpeg/processes.ts';
import type { FromSpawner } from '../../../src/streams/ffmpeg/protocol.ts';
import type { Spawner } from '../../../src/streams/ffmpeg/spawner.ts';
import { allProcesses } from '../../support/process-tree.ts';
import { isRunning } from '../../support/processes.ts';
import { temporaryDirectory } from '../../support/services/services.ts';
import { startSpawner } from '../../support/streams/streams.ts';
import { ManualClock } from '../../support/time/clock.ts';
import { until } from '../../support/time/until.ts';

t.test('processes are started no faster than the pace, urgent ones first', async (t) => {
  const clock = new ManualClock();
  const started: number[] = [];
  const send = (message: FromSpawner): void => void (message.type === 'started' && started.push(message.id));
  const settings = { ffmpegPath: '/bin/true', launcher: [], startsPerS: 10, processesMax: 99 };
  const processes = new Processes({ clock, send, relay: '127.0.0.1:1' }, settings);
  t.teardown(() => processes.killAll());
  for (const id of [1, 2, 3]) processes.handle({ type: 'start', id, task: { args: [] }, urgent: false });
  processes.handle({ type: 'start', id: 4, task: { args: [] }, urgent: true });
  await clock.advance(0);
  t.same(started, [1]);
  await clock.advance(99);
  t.same(started, [1]);
  await clock.advance(1);
  t.same(started, [1, 4]);
  await clock.advance(200);
  t.same(started, [1, 4, 2, 3]);
});

t.test('nothing runs until a process is wanted, and then what starts it', async (t) => {
  const one = startSpawner(t);
  t.equal(one.pid, null);
  t.notOk(one.down, 'nothing is wrong with that');
  const first = one.run({ args: ['-c', 'exit 4'] });
  t.ok(one.down, 'from now on it should run');
  t.match(await first.ended, { how: 'exited', code: 4 });
  t.ok(one.pid);
  t.notOk(one.down);
  const idle = startSpawner(t);
  await idle.stop();
  t.equal(idle.pid, null, 'one that nobody wanted ends at once');
});

t.test('one that is stopped while it starts leaves no listener behind', async (t) => {
  const moments: ((one: Spawner, served: Server[]) => boolean)[] = [
    () => true,
    (one) => one.pid !== null,
    (_, served) => served.length > 0,
  ];
  for (const isReached of moments) {
    const served: Server[] = [];
    const one = startSpawner(t, {}, { serve: (listener) => void served.push(listener) });
    one.want();
    await until('it is that far', () => isReached(one, served));
    await one.stop();
    for (const listener of served) listener.close();
  }
  const isListening = () => process.getActiveResourcesInfo().includes('TCPServerWrap');
  await until('nothing listens', () => !isListening());
  t.notOk(isListening());
});

t.test('one that outlives who was to end it, which is killed while it starts, ends all the same', async (t) => {
  const name = `/nonexistent/${randomUUID()}`;
  // As `unshare` that is killed behind its fork: what it forked is told of no death, and goes on to begin.
  const around = ['sh', '-c', '(sleep 0.5; exec "$0" "$@") & exec sleep 60'];
  const closed = { serve: (listener: Server) => void listener.close() };
  const one = startSpawner(t, { ffmpegPath: name }, closed, { around, launcher: [], gap: null });
  const left = () => allProcesses().filter(({ commandLine }) => commandLine.includes(name));
  one.want();
  await until('what would end it runs', () =>
    allProcesses().some(({ pid, program }) => pid === one.pid && program === 'sleep'),
  );
  await one.stop();
  await until('nothing is left', () => left().length === 0);
});

t.test('a process that does not listen is ended after two seconds, and its end is told', async (t) => {
  const one = startSpawner(t);
  const output = await listenAt(t);
  const deaf = one.run({
    args: ['-c', "trap 'echo heard >&2' TERM; echo ready; while :; do sleep 0.1; done"],
    output: output.path,
  });
  const [pid = 0] = await until('it runs', () => (one.processIds.length > 0 ? one.processIds : null));
  await until('the trap is set', () => output.text() === 'ready\n');
  deaf.stop();
  t.match(await deaf.ended, { how: 'exited', signal: 'SIGKILL', lines: ['heard'] }, 'it was asked before');
  t.notOk(isRunning(pid));
});

/** A socket for the standard output of a process, and what came. */
async function listenAt(t: Test): Promise<{ path: string; text(): string }> {
  const path = join(await temporaryDirectory(t), 's');
  let text = '';
  const server = createServer((socket) => {
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(() => server.close());
  return { path, text: () => text };
}

t.test('a process says its last words, shortened, and nothing else of ours is in its environment', async (t) => {
  const one = startSpawner(t);
  const { code, lines } = await one.run({
    args: ['-c', 'echo first >&2; env >&2; yes x | head -c 100000 | tr -d "\\n" >&2; exit 3'],
  }).ended;
  t.equal(code, 3);
  t.ok(lines.join('').length <= 3_100);
  process.env.PLANTED = 'planted-secret';
  t.teardown(() => delete process.env.PLANTED);
  const other = startSpawner(t);
  for (const asked of [one, other]) {
    const { lines: environment } = await asked.run({ args: ['-c', 'env | grep -E "PLANTED|HOME|USER" >&2'] }).ended;
    t.same(environment, []);
  }
});

t.test('more processes than allowed are refused, those that wait can be taken back', async (t) => {
  const one = startSpawner(t, { processesMax: 3, startsPerS: 1 });
  const jobs = Array.from({ length: 3 }, () => one.run({ args: ['-c', 'sleep 60'] }));
  await until('the first runs', () => one.processIds.length === 1);
  t.match(await one.run({ args: ['-c', 'exit 0'] }).ended, { how: 'not-started' });
  jobs[2]?.stop();
  t.match(await jobs[2]?.ended, { how: 'not-started' });
  jobs[0]?.stop();
  t.match(await jobs[0]?.ended, { how: 'exited' });
});

t.test('a program that is not there is an end like any other', async (t) => {
  const one = startSpawner(t, { ffmpegPath: '/nonexistent/ffmpeg' });
  t.match(await one.run({ args: [] }).ended, { how: 'exited', code: 127 });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { isStopped, type ProcessId, processesBelow, signal } from '../../../../simulators/faults/signals.ts';
import { UndoFile } from '../../../../simulators/faults/undo.ts';
import { until } from '../../../support/time/until.ts';

interface Owner {
  teardown(run: () => unknown): void;
}

/** A program with two others below it, which wait to be told to end. */
async function startTree(t: Owner): Promise<ChildProcess> {
  const child = spawn('sh', ['-c', 'sleep 600 & sleep 600 & echo ready; wait'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => {
    for (const one of processesBelow(child.pid ?? 0, 'sleep')) signal(one, 'SIGKILL');
    child.kill('SIGKILL');
  });
  await once(child.stdout!, 'data');
  await until('both run', () => processesBelow(child.pid ?? 0, 'sleep').length === 2);
  return child;
}

t.test('processes are known by name and by when they began', async (t) => {
  const { pid = 0 } = await startTree(t);
  t.strictSame(processesBelow(pid, 'sh'), [], 'the first one is not below itself');
  const [first, second] = processesBelow(pid, 'sleep') as [ProcessId, ProcessId];
  t.ok(signal(first, 'SIGSTOP'));
  await until('it stands still', () => isStopped(first));
  t.equal(isStopped(second), false);
  t.equal(signal({ ...first, startedTicks: first.startedTicks - 1 }, 'SIGCONT'), false, 'another one had this number');
  t.ok(signal(first, 'SIGCONT'));
  await until('it goes on', () => !isStopped(first));
  t.ok(signal(second, 'SIGKILL'));
  await until('it is gone', () => processesBelow(pid, 'sleep').length === 1);
  t.equal(signal(second, 'SIGCONT'), false);
});

t.test('a later process lets go on what a killed run has stopped', async (t) => {
  const directory = t.testdir();
  const { pid = 0 } = await startTree(t);
  const [first, second] = processesBelow(pid, 'sleep') as [ProcessId, ProcessId];
  const file = new UndoFile('sim-1-', directory);
  file.add(first);
  file.add({ ...second, startedTicks: 1 });
  appendFileSync(join(directory, readdirSync(directory)[0]!), '{"pid":1');
  for (const one of [first, second]) signal(one, 'SIGSTOP');
  await until('both stand still', () => isStopped(first) && isStopped(second));
  t.equal(new UndoFile('sim-2-', directory).undo(), 0, 'of another run');
  t.equal(new UndoFile('sim-1-', directory).undo(), 1);
  await until('it goes on', () => !isStopped(first));
  t.equal(isStopped(second), true, 'a process of the same number that began at another time is not touched');
  t.strictSame([readdirSync(directory), file.undo()], [[], 0]);
});

t.test('a link that somebody put where the file will be is not followed', async (t) => {
  const directory = t.testdir({ other: 'kept' });
  symlinkSync(join(directory, 'other'), join(directory, 'citywatch-simulate-sim-1-.stopped'));
  t.throws(() => new UndoFile('sim-1-', directory).add({ pid: 1, startedTicks: 1 }), { message: /ELOOP/ });
  t.equal(readFileSync(join(directory, 'other'), 'utf8'), 'kept');
  t.equal(new UndoFile('sim-1-', directory).undo(), 0);
  t.equal(readFileSync(join(directory, 'other'), 'utf8'), 'kept');
});

/** A run that stops a process and is killed. */
const SCRIPT = `
  import { processesBelow, signal } from './simulators/faults/signals.ts';
  import { UndoFile } from './simulators/faults/undo.ts';
  const undo = new UndoFile('sim-9a9a-');
  process.once('exit', () => undo.undo());
  process.once('SIGTERM', () => process.exit(0));
  for (const one of processesBelow(Number(process.argv[1]), 'sleep')) {
    undo.add(one);
    signal(one, 'SIGSTOP');
  }
  console.log('stopped');
  setInterval(() => {}, 1_000);
`;

for (const [name, end] of [
  ['ends', 'SIGTERM'],
  ['is killed', 'SIGKILL'],
] as const) {
  t.test(`a run that ${name} leaves nothing stopped, at the latest when it is cleaned up`, async (t) => {
    const directory = t.testdir();
    const { pid = 0 } = await startTree(t);
    const env = { ...process.env, TMPDIR: directory };
    const words = [...process.execArgv, '--input-type=module', '-e', SCRIPT, '--', String(pid)];
    const run = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(() => run.kill('SIGKILL'));
    await once(run.stdout!, 'data');
    const both = processesBelow(pid, 'sleep');
    await until('both stand still', () => both.length === 2 && both.every(isStopped));
    run.kill(end);
    await once(run, 'close');
    t.equal(both.every(isStopped), end === 'SIGKILL');
    writeFileSync(join(directory, 'token'), 'x');
    const options = ['--gateway', 'http://127.0.0.1:1', '--token-file', join(directory, 'token')];
    const clean = spawn(
      process.execPath,
      [...process.execArgv, 'simulators/cities/main.ts', 'clean', 'sim-9a9a-', ...options],
      {
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    t.teardown(() => clean.kill('SIGKILL'));
    let text = '';
    clean.stdout!.on('data', (chunk) => {
      text += chunk;
    });
    await once(clean, 'close');
    t.match(text, end === 'SIGKILL' ? /^2 stopped processes go on/ : /^$/, 'also where the gateway does not answer');
    t.notOk(both.some(isStopped));
  });
}

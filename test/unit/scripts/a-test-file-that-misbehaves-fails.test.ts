import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { isRunning } from '../../support/processes.ts';
import { until } from '../../support/time/until.ts';

const { runFiles } = await import(pathToFileURL(join(import.meta.dirname, '../../../scripts/tests/files.mjs')).href);

/** Like a loop without an end, but at no cost. */
const NEVER_YIELDS = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);';

/** Where the files find tap: as this one does, whose hooks know it by its name alone. */
const HOOKS = process.execArgv.find((arg) => arg.startsWith('--import='))?.slice('--import='.length);
const TAP = HOOKS === undefined ? import.meta.resolve('tap') : 'tap';

interface Result {
  name: string;
  ok: boolean;
  passed: number;
  failures: { names: string[]; result: { name: string; diag?: Record<string, unknown> }; isTold: boolean }[];
  comments: string[];
  harm: string[];
  how: string;
}

/** Most of it is waiting for silence. */
const sideBySide = () => ({ buffered: true });
t.jobs = 3;

/** Runs one file with this text, if it uses tap behind the import of tap, and says what the runner reports of it. */
async function ran(t: Test, body: string, silenceMs = 60_000): Promise<Result> {
  return (await ranTogether(t, [body], silenceMs))[0]!;
}

/** As {@link ran}, of several that share a process: `0.test.mjs` and so on. */
async function ranTogether(t: Test, bodies: string[], silenceMs = 60_000): Promise<Result[]> {
  const directory = await mkdtemp(join(tmpdir(), 'cw-test-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const files = bodies.map((_, n) => join(directory, `${n}.test.mjs`));
  for (const [n, body] of bodies.entries()) {
    const head = /\bt\./.test(body) ? `import t from ${JSON.stringify(TAP)};` : '';
    await writeFile(files[n]!, `${head}\n${body}\n`);
  }
  const results: Result[] = [];
  const asked = { jobs: 1, timeoutS: 30, hooks: HOOKS ?? 'data:text/javascript,', env: {}, silenceMs, leaveMs: 1_000 };
  const together = (all: string[]) => [all];
  await runFiles(files, { ...asked, together, report: (result: Result) => void results.push(result) });
  return results;
}

const told = ({ failures }: Result): string =>
  JSON.stringify(failures.filter(({ isTold }) => !isTold).map(({ names, result }) => [...names, result]));

t.test('a file whose tests pass is good', sideBySide(), async (t) => {
  const result = await ran(t, "t.test('a', async (t) => { t.ok(true); t.test('b', async (t) => t.ok(true)); });");
  t.match(result, { ok: true, passed: 1, failures: [], harm: [] });
});

t.test(
  'what a test says of its figures is told of its file, also where several share a process',
  sideBySide(),
  async (t) => {
    const says = (figure: string) => `t.test('a', async (t) => { t.ok(true); t.comment('p99 ${figure} ms'); });`;
    t.same((await ran(t, says('7'))).comments, ['p99 7 ms']);
    const together = await ranTogether(t, ['8', '9'].map(says));
    t.same(
      together.map(({ ok, comments }) => ({ ok, comments })),
      [
        { ok: true, comments: ['p99 8 ms'] },
        { ok: true, comments: ['p99 9 ms'] },
      ],
    );
  },
);

t.test(
  'a file in which nothing waits exits, once all that listen for that have done their part',
  sideBySide(),
  async (t) => {
    const left = 'const leave = process.reallyExit; process.reallyExit = () => leave.call(process, isDone ? 7 : 8);';
    const late = "process.once('beforeExit', () => setTimeout(() => { isDone = true; }, 10));";
    t.match(await ran(t, `t.ok(true); let isDone = false; ${late} ${left}`), { how: 'ended with status 7' });
  },
);

t.test('a file that speaks goes on, and one that says nothing for too long is ended', sideBySide(), async (t) => {
  const speaks = 'for (let at = 0; at < 14; at += 1) { await new Promise((r) => setTimeout(r, 500)); t.ok(true); }';
  const [spoke, hangs] = await Promise.all([speaks, `t.ok(true); ${NEVER_YIELDS}`].map((body) => ran(t, body, 6_000)));
  t.match(spoke, { ok: true, harm: [] });
  t.match(hangs, { ok: false, harm: ['said nothing for 6 s, and was ended'] });
});

t.test(
  'a failure around tests that pass is told with its reason, and a plan that is not met',
  sideBySide(),
  async (t) => {
    const says = (lines: string[]): Promise<Result> =>
      ran(t, `process.stdout.write(${JSON.stringify(`TAP version 14\n${lines.join('\n')}\n`)});`);
    const passes = ['# Subtest: a', '    # Subtest: b', '        ok 1 - c', '        1..1'];
    const reason = ['      ---', '      message: after all', '      ...'];
    const thrown = await says([...passes, '    not ok 1 - b', ...reason, '    1..1', 'not ok 1 - a', '1..1']);
    t.match(thrown, { ok: false, passed: 0 });
    t.match(told(thrown), 'after all');
    const outermost = await says([
      ...passes,
      '    ok 1 - b',
      '    1..1',
      'not ok 1 - a',
      '  ---',
      '  message: late',
      '  ...',
      '1..1',
    ]);
    t.match(told(outermost), 'late');
    const plan = await says([...passes, '    ok 1 - b', '    1..2', 'ok 1 - a', '1..1']);
    t.equal(plan.ok, false);
    t.match(told(plan), 'incorrect number of tests');
  },
);

t.test('a skipped and an unfinished test fail the file and do not count', sideBySide(), async (t) => {
  for (const [word, said] of Object.entries({ skip: 'skipped', todo: 'marked as todo' })) {
    const outer = await ran(t, `t.ok(true); t.test('a', { ${word}: 'later' }, async (t) => t.ok(true));`);
    t.match(outer, { ok: false, passed: 1 }, word);
    t.match(told(outer), `${said} (later)`);
    const inner = await ran(t, `t.test('a', async (t) => { t.ok(true); t.ok(true, 'b', { ${word}: true }); });`);
    t.equal(inner.ok, false, `${word} within`);
    t.match(told(inner), said);
  }
});

t.test('what nobody catches fails the test that began it, also beside others', sideBySide(), async (t) => {
  const late = (name: string, work: string) => `t.test('${name}', { buffered: true }, async (t) => {
    t.ok(true);
    ${work}
    await new Promise((resolve) => setTimeout(resolve, 300));
  })`;
  const thrown = "setTimeout(() => { throw new Error('late throw'); }, 100);";
  const rejected = "setTimeout(async () => { await null; throw new Error('late rejection'); }, 150);";
  const all = [late('throws', thrown), late('rejects', rejected), late('neither', '')];
  const result = await ran(t, `t.jobs = 3; await Promise.all([${all.join(', ')}]);`);
  t.match(result, { ok: false, passed: 1 });
  const found = result.failures.map(({ names, result }) => [...names, result.name].join(' > '));
  for (const name of ['throws > late throw', 'rejects > late rejection']) t.ok(found.includes(name), found.join('; '));
});

t.test('a process that a file leaves behind fails it and is ended', sideBySide(), async (t) => {
  const result = await ran(
    t,
    `import { spawn } from 'node:child_process';
     const child = spawn('sleep', ['86399'], { detached: true, stdio: 'ignore' });
     child.unref();
     t.ok(true, String(child.pid));
     process.stderr.write(\`pid \${child.pid}\\n\`);`,
  );
  t.match(result, { ok: false, passed: 1, harm: ['left a process behind: sleep 86399'] });
  const pid = Number(/pid (\d+)/.exec(JSON.stringify(result))?.[1]);
  t.ok(pid > 0);
  await until('it is gone', () => !isRunning(pid));
});

const PASSES = "t.test('a', async (t) => t.ok(true)); t.test('b', async (t) => t.ok(true));";

t.test('files that share a process have each its own result', sideBySide(), async (t) => {
  t.match(await ranTogether(t, [PASSES, 't.ok(true);']), [
    { name: /0.test.mjs$/, ok: true, passed: 2 },
    { name: /1.test.mjs$/, ok: true, passed: 1 },
  ]);
  const bad = "t.test('a', async (t) => t.fail('because'));";
  const ends = 'process.exit(0);';
  for (const [body, what] of Object.entries({ [bad]: 'fails', [ends]: 'ends the process', '': 'has no test' })) {
    const all = await ranTogether(t, [PASSES, body, PASSES]);
    t.same([all.length, ...all.map(({ ok }) => ok)], [3, true, false, true], `one ${what}`);
  }
});

t.test('what fails only beside other files is told as that', sideBySide(), async (t) => {
  const all = await ranTogether(t, ['globalThis.left = 1; t.ok(true);', "t.notOk(globalThis.left, 'alone');"]);
  t.same(
    all.map(({ ok }) => ok),
    [true, true, false],
  );
  t.match(all[2]!.name, /^in one process: .*0.test.mjs .*1.test.mjs$/);
  t.match(told(all[2]!), 'alone');
});

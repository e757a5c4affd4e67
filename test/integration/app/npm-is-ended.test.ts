import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { GATEWAY_ENVIRONMENT, GATEWAY_NODE_OPTIONS } from '../../../scripts/gateway-memory.mjs';
import { descendantsOf, stillThere } from '../../support/process-tree.ts';
import { temporaryDirectory } from '../../support/services/services.ts';
import { until } from '../../support/time/until.ts';

const ROOT = join(import.meta.dirname, '../../..');
const CHILD = join(import.meta.dirname, '../../support/gateway/end-of-run-child.ts');

interface Run {
  words: string[];
  cwd: string;
  env?: Record<string, string>;
}

/** Runs the words until something below says `up`; whatever they started is gone after the test. */
async function up(t: Test, { words, cwd, env }: Run): Promise<{ top: ChildProcess; said(): string }> {
  const plain = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' };
  const top = spawn(words[0] ?? '', words.slice(1), {
    cwd,
    env: { ...plain, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  top.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await until('it is up', () => /^up$/m.test(text));
  const family = descendantsOf(top.pid ?? 0, { itself: true });
  t.teardown(() => {
    for (const { pid } of stillThere(family)) process.kill(pid, 'SIGKILL');
  });
  return { top, said: () => text };
}

for (const script of ['start', 'demo']) {
  t.test(
    `npm run ${script} limits the gateway's memory, hands SIGTERM on to it, and waits until it has drained`,
    async (t) => {
      const root = await temporaryDirectory(t);
      await copyFile(join(ROOT, 'package.json'), join(root, 'package.json'));
      await mkdir(join(root, 'scripts'));
      for (const name of ['citywatch', 'any-node', 'gateway-memory.mjs'])
        await copyFile(join(ROOT, 'scripts', name), join(root, 'scripts', name));
      const prepare = `import { startLines } from './gateway-memory.mjs';
      process.stdout.write(startLines(${JSON.stringify({ node: process.execPath, program: CHILD })}));`;
      await writeFile(join(root, 'scripts/prepare.mjs'), prepare);
      const { top, said } = await up(t, { words: ['npm', 'run', script], cwd: root });
      const started = JSON.parse(/^started by (.*)$/m.exec(said())?.[1] ?? '{}');
      t.match(
        started,
        { options: GATEWAY_NODE_OPTIONS, env: GATEWAY_ENVIRONMENT },
        'it takes no more memory than it may',
      );
      top.kill('SIGTERM');
      await once(top, 'close');
      t.match(said(), /^drained$/m);
      t.equal(top.exitCode, 0);
    },
  );
}

t.test('a gateway whose npx is gone, signal or not, drains by itself', async (t) => {
  // npx leaves a shell between itself and the command, which a signal ends without a word to the command.
  const words = ['sh', '-c', `"${process.execPath}" "${CHILD}"; true`];
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const { top, said } = await up(t, { words, cwd: ROOT, env: { npm_lifecycle_event: 'npx' } });
    top.kill(signal);
    await once(top, 'close');
    t.match(said(), /^drained$/m, signal);
  }
});

t.test('a gateway that was put in the background without npm outlives who started it', async (t) => {
  const words = ['sh', '-c', `"${process.execPath}" "${CHILD}" & wait`];
  const { top, said } = await up(t, { words, cwd: ROOT });
  const [gateway] = descendantsOf(top.pid ?? 0);
  top.kill('SIGKILL');
  await once(top, 'exit');
  await until('it has another parent', () => descendantsOf(top.pid ?? 0).length === 0);
  t.same(stillThere(gateway ? [gateway] : []), [gateway]);
  process.kill(gateway?.pid ?? 0, 'SIGTERM');
  await until('it drains when it is asked to', () => /^drained$/m.test(said()));
});

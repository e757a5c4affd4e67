import { spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t from 'tap';

const SCRIPTS = join(import.meta.dirname, '../../../scripts');

t.test('scripts start although npm puts a Node in front that does not run', async (t) => {
  const shadow = join(t.testdir(), 'node_modules/.bin');
  await mkdir(shadow, { recursive: true });
  await writeFile(join(shadow, 'node'), '#!/bin/sh\necho a library is missing >&2\nexit 127\n');
  await chmod(join(shadow, 'node'), 0o755);
  const PATH = `${shadow}:${shadow}/:${dirname(process.execPath)}:/usr/bin:/bin`;
  const anyNode = join(SCRIPTS, 'any-node');
  const { stdout, stderr, status } = spawnSync(anyNode, ['-p', 'process.argv0'], { env: { PATH }, encoding: 'utf8' });
  t.match({ status, stderr, stdout }, { status: 0, stderr: '', stdout: 'node\n' });
  const without = spawnSync(anyNode, ['-p', '1'], { env: { PATH: `${shadow}:/bin/none` }, encoding: 'utf8' });
  t.not(without.status, 0);
});

t.test('a user who may not write to the clone is told what to run, and where', (t) => {
  const file = t.testdir({ file: '' });
  const script = `import { withLock } from ${JSON.stringify(join(SCRIPTS, 'shell.mjs'))};
    const lock = ${JSON.stringify(join(file, 'file/.cache/setup.lock'))};
    await withLock(lock, () => {}).catch((error) => console.log(error.message));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  t.match(stdout, /set up first, and this user may not .*: run "npm run setup" in .* as a user who/);
  t.end();
});

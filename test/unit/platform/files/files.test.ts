import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { ensureDirectory, writeFileDurable } from '../../../../src/platform/files/files.ts';

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

t.test('a file is replaced whole, with its mode, and nothing is left beside it', async (t) => {
  const directory = t.testdir();
  const path = join(directory, 'secret');
  await writeFileDurable(path, 'old', { mode: 0o600 });
  await writeFileDurable(path, Buffer.from('new'), { mode: 0o640 });
  t.equal(await readFile(path, 'utf8'), 'new');
  t.equal(await modeOf(path), 0o640);
  t.strictSame(await readdir(directory), ['secret']);
});

t.test('when it cannot be written, the old file stays and no part of the new one', async (t) => {
  const directory = t.testdir({ taken: { inside: '' } });
  await t.rejects(writeFileDurable(join(directory, 'taken'), 'x', { mode: 0o600 }), { code: /EISDIR|ENOTEMPTY/ });
  await t.rejects(writeFileDurable(join(directory, 'absent', 'x'), 'x', { mode: 0o600 }), { code: 'ENOENT' });
  t.strictSame(await readdir(directory), ['taken']);
});

t.test('a directory is made with its parents, and a loose one is tightened', async (t) => {
  const path = join(t.testdir(), 'a', 'b', 'c');
  await ensureDirectory(path, 0o700);
  t.equal(await modeOf(path), 0o700);
  await ensureDirectory(path, 0o750);
  t.equal(await modeOf(path), 0o750);
  await writeFile(join(path, 'file'), '');
  await t.rejects(ensureDirectory(join(path, 'file'), 0o700), { code: /EEXIST|ENOTDIR/ });
});

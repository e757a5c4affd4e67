import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { Kinds } from '../../../../src/devices/kinds/kinds.ts';
import { KINDS_DIRECTORY, openDatabase } from '../../../support/devices/registry.ts';

t.test('a kind may only change with its version, and old versions stay known', async (t) => {
  const database = await openDatabase(t);
  const directory = await mkdtemp(join(tmpdir(), 'cw-'));
  t.teardown(() => rm(directory, { recursive: true }));
  await cp(KINDS_DIRECTORY, directory, { recursive: true });
  const path = join(directory, 'camera.yaml');
  const original = (await readFile(path, 'utf8')).replace(/^version: \d+$/m, 'version: 1');
  const start = async (text: string) => {
    await writeFile(path, text);
    const kinds = await Kinds.load(directory);
    await kinds.remember(database);
    return kinds;
  };
  t.equal((await start(original)).currentVersion('camera'), 1);
  t.equal((await start(`# a comment is no content\n${original}`)).latest('camera')?.version, 1);

  const changed = original.replace('max: 240', 'max: 300');
  await t.rejects(start(changed), { code: 'config.invalid', message: /camera.yaml: version 1 .*: raise version to 2/ });
  const raised = await start(changed.replace('version: 1', 'version: 2'));
  t.match(raised.latest('camera'), { version: 2 });
  t.match(raised.at('camera', 1)?.fields.get('fps'), { max: 240 });
  t.match(raised.at('camera', 2)?.fields.get('fps'), { max: 300 });
  t.equal(raised.at('camera', 3), undefined);

  t.match((await start(original)).at('camera', 2)?.fields.get('fps'), { max: 300 }, 'going back is possible');
  await rm(path);
  const without = await Kinds.load(directory);
  await without.remember(database);
  t.equal(without.latest('camera'), undefined);
  t.equal(without.currentVersion('camera'), 2);
  t.equal(without.at('constructor', 1), undefined);
});

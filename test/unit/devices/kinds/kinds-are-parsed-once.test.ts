import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readKindFolder } from '../../../../src/devices/kinds/kind-folder.ts';
import { type MadeBefore, madeBeside, NOTHING_MADE_BEFORE } from '../../../../src/platform/files/made-before.ts';
import { temporaryDirectory } from '../../../support/services/services.ts';

const OURS = 'config/kinds';

/** Counts what is found and what is kept in a folder of its own. */
async function counting(t: Test) {
  const directory = await temporaryDirectory(t);
  const real = madeBeside(directory);
  const seen = { found: 0, kept: 0 };
  const before: MadeBefore = {
    find: async (key) => {
      const value = await real.find(key);
      if (value !== null) seen.found += 1;
      return value;
    },
    keep: async (key, value) => {
      seen.kept += 1;
      await real.keep(key, value);
    },
  };
  return { directory, before, seen };
}

async function copyOfOurs(t: Test): Promise<string> {
  const directory = join(await temporaryDirectory(t), 'kinds');
  await mkdir(directory);
  for (const name of await readdir(OURS)) await writeFile(join(directory, name), await readFile(join(OURS, name)));
  return directory;
}

t.test('what was made of the same files is the same, down to the lines', async (t) => {
  const { before, seen } = await counting(t);
  const plain = await readKindFolder(OURS, NOTHING_MADE_BEFORE);
  await readKindFolder(OURS, before);
  const again = await readKindFolder(OURS, before);
  t.same(seen, { found: 1, kept: 1 });
  t.same([...again.kinds], [...plain.kinds]);
  t.same([...again.sources.keys()], [...plain.sources.keys()]);
  for (const [stem, source] of plain.sources) {
    const other = again.sources.get(stem)!;
    t.same(other.content, source.content);
    for (const key of Object.keys(source.content)) t.equal(other.at([key]), source.at([key]));
  }
});

t.test('a file that changed is read anew, and one that is wrong is told each time', async (t) => {
  const { before, seen } = await counting(t);
  const directory = await copyOfOurs(t);
  await readKindFolder(directory, before);
  const kiosk = join(directory, 'recycling-kiosk.yaml');
  const text = await readFile(kiosk, 'utf8');
  await writeFile(kiosk, text.replace(/^version: \d+/m, 'version: 77'));
  t.equal((await readKindFolder(directory, before)).kinds.get('recycling-kiosk')?.version, 77);
  t.same(seen, { found: 0, kept: 2 });
  await writeFile(kiosk, `${text}\nnobody_knows: 1\n`);
  for (const _ of [1, 2]) {
    const { issues } = await readKindFolder(directory, before);
    t.match(issues, [{ path: /recycling-kiosk\.yaml:\d+$/, message: /unknown key/ }]);
  }
  t.same(seen, { found: 0, kept: 2 });
});

t.test('what was kept and is damaged, or cannot be kept, costs time and nothing else', async (t) => {
  const { directory, before } = await counting(t);
  const first = await readKindFolder(OURS, before);
  const [name = ''] = await readdir(directory);
  await writeFile(join(directory, name), 'not what it was');
  t.same([...(await readKindFolder(OURS, before)).kinds], [...first.kinds]);
  const nowhere = madeBeside(join(directory, 'is', 'not', 'there'));
  t.same([...(await readKindFolder(OURS, nowhere)).kinds], [...first.kinds]);
});

import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { Volume } from '../../../../src/platform/blobs/volume.ts';
import { freeze } from '../../../support/blobs/blob-worlds.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const database = await openDatabase(t);
const parent = await temporaryDirectory(t);
const clock = new ManualClock();
/** More than there are: some 15. */
const STEPS = 40;

function opened(name: string, isExpected = false) {
  const directory = join(parent, name);
  const deps = { name, directory, database, clock, observer: quietObserver(), isExpected: async () => isExpected };
  return { directory, volume: new Volume(deps) };
}

t.test('a gateway that is killed at any step of claiming a new store has it at its next start', async (t) => {
  let cut = true;
  let step = 1;
  for (; cut && step < STEPS; step += 1) {
    const { directory, volume } = opened(`killed-${step}`);
    cut = await freeze(directory, step, () => volume.problem());
    for (const life of [2, 3]) {
      t.equal(await opened(`killed-${step}`).volume.problem(), null, `killed before step ${step}, life ${life}`);
    }
  }
  t.ok(step > 5 && !cut, `all ${step} steps`);
});

t.test('many who ask for a new store at once are all told that it is ours', async (t) => {
  const { directory, volume } = opened('at-once');
  const asked = [volume, opened('at-once').volume, volume, volume].map((one) => one.problem());
  t.strictSame(new Set(await Promise.all(asked)), new Set([null]));
  t.strictSame(await readdir(directory), ['.citywatch-volume'], 'nothing is left over');
});

t.test('what a kill left of a claim does not make an empty directory one that holds what is known', async (t) => {
  const { directory, volume } = opened('empty');
  await freeze(directory, 8, () => volume.problem());
  await database.tables<{ volume: { name: string } }>().deleteFrom('volume').where('name', '=', 'empty').execute();
  await mkdir(directory, { recursive: true });
  t.not((await readdir(directory)).length, 0, 'the kill left something');
  t.match(await opened('empty', true).volume.problem(), /is empty, but empty are known/);
});

import t from 'tap';
import { rushOfEdits } from '../../../support/devices/campaigns/edit-rush.ts';
import { runSequences } from '../../../support/devices/campaigns/unit-worlds.ts';
import { openRegistry } from '../../../support/devices/registry.ts';
import { chance } from '../../../support/time/random.ts';

const random = chance();

t.test('random steps lose no history, double none, show none across a border, and let nobody in', async (t) => {
  const seed = Math.floor(random() * 2 ** 31);
  await t.resolves(runSequences(t, { count: 20, steps: 20, seed }), '20 sequences');
});

t.test('of many edits at once none is lost', async (t) => {
  const parts = await openRegistry(t);
  await t.resolves(rushOfEdits(parts, { edits: 200, devices: 4, people: 8, random }), '200 edits');
});

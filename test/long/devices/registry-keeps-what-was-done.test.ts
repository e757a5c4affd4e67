import t from 'tap';
import { rushOfEdits } from '../../support/devices/campaigns/edit-rush.ts';
import { runSequences } from '../../support/devices/campaigns/unit-worlds.ts';
import { openRegistry } from '../../support/devices/registry.ts';
import { chance } from '../../support/time/random.ts';

const SEQUENCES = Number(process.env.CAMPAIGN_SEQUENCES ?? 10_000);
const EDITS = Number(process.env.CAMPAIGN_EDITS ?? 10_000);

t.setTimeout(3_500_000);
const random = chance();

t.test('10,000 sequences of swaps, undoings and moves lose no history and leak no right', async (t) => {
  const seed = Math.floor(random() * 2 ** 31);
  await t.resolves(runSequences(t, { count: SEQUENCES, steps: 10, seed }), `${SEQUENCES} sequences`);
});

t.test('of 10,000 edits at once none is lost', async (t) => {
  const parts = await openRegistry(t);
  const refused = await rushOfEdits(parts, { edits: EDITS, devices: 20, people: 64, random });
  t.comment(`${EDITS} edits; ${refused} times somebody had to read again`);
  t.ok(refused > 0, 'they met');
});

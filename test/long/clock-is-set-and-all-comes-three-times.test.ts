import t from 'tap';
import { setClocks } from '../support/faults/campaigns/clock-campaign.ts';
import { underLoad } from '../support/faults/faulty-gateway.ts';
import { repeatEverything, repeatPassages } from '../support/faults/repeats.ts';
import { record } from '../support/faults/results.ts';

t.test('a gateway whose clock is set a day ahead and an hour back, and who hears everything three times', async (t) => {
  const scene = await underLoad(t);
  await record(t, 'clock a day ahead, right, an hour back, right', () => setClocks(scene, 10_000));
  const { found, told } = await repeatPassages(t, scene.faulty, async () => {
    for (const seed of [1, 2, 3]) {
      scene.fleet.go();
      await record(t, 'every message three times, shuffled, across a kill', () =>
        repeatEverything(scene, { messages: 3_000, seed }),
      );
    }
  });
  t.equal(found, told, 'passages too');
});

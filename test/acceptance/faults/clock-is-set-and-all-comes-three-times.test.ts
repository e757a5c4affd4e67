import t from 'tap';
import { setClocks } from '../../support/faults/campaigns/clock-campaign.ts';
import { underLoad } from '../../support/faults/faulty-gateway.ts';
import { repeatEverything, repeatPassages } from '../../support/faults/repeats.ts';
import { check } from '../../support/faults/results.ts';
import { lentServices } from '../../support/services/shared-database.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

t.test('a gateway whose clock is set a day ahead and an hour back, and who hears everything three times', async (t) => {
  const scene = await underLoad(t, await lentServices(t));
  await t.test('no camera is offline by its clock alone, and nothing is lost', async (t) => {
    check(t, await setClocks(scene, 500));
  });
  scene.fleet.go();
  await t.test('each thing is there once, though the gateway was killed in the middle', async (t) => {
    const { found, told } = await repeatPassages(t, scene.faulty, async () => {
      check(t, await repeatEverything(scene, { messages: 500, seed: 1 }));
    });
    t.equal(found, told, 'passages too');
  });
});

import t from 'tap';
import { setClocks } from '../../support/faults/campaigns/clock-campaign.ts';
import { diskFaults, failDisk } from '../../support/faults/campaigns/disk-campaign.ts';
import { underLoad } from '../../support/faults/faulty-gateway.ts';
import { repeatEverything, repeatPassages } from '../../support/faults/repeats.ts';
import { check } from '../../support/faults/results.ts';
import { lentInflux, lentServices } from '../../support/services/shared-database.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(480_000);

t.test('a gateway under load whose clock is set, who hears everything three times, and whose disk fails', async (t) => {
  const scene = await underLoad(
    t,
    { ...(await lentServices(t)), ...lentInflux(t) },
    { devices: 10, http: 1, perSecond: 100 },
  );
  await t.test('a day ahead and an hour back: no camera is offline by its clock alone, nothing is lost', async (t) => {
    check(t, await setClocks(scene, 250));
  });
  scene.fleet.go();
  await t.test('each thing is there once, though the gateway was killed in the middle', async (t) => {
    const { found, told } = await repeatPassages(t, scene.faulty, async () => {
      check(t, await repeatEverything(scene, { messages: 100, seed: 1 }));
    });
    t.equal(found, told, 'passages too');
  });
  scene.fleet.go();
  await t.test('the disk of the journal fails: the file is given up, nothing acknowledged is lost', async (t) => {
    const faults = diskFaults({ first: [], seed: 1, further: 1 });
    check(t, await failDisk(scene, faults, { killEvery: faults.length }));
  });
});

import t from 'tap';
import { diskFaults, failDisk, failDiskAtStart } from '../support/faults/campaigns/disk-campaign.ts';
import { underLoad } from '../support/faults/faulty-gateway.ts';
import { record } from '../support/faults/results.ts';

t.test('the disk of the journal fails in each way on the n-th call', async (t) => {
  const scene = await underLoad(t);
  const faults = diskFaults({ first: [1, 2, 3, 4, 5], seed: 2, further: 3 });
  for (const name of new Set(faults.map((fault) => fault.name))) {
    scene.fleet.go();
    await record(t, name, () =>
      failDisk(
        scene,
        faults.filter((fault) => fault.name === name),
      ),
    );
  }
});

t.test('the disk fails while the journal is repaired: the gateway ends with the reason, the next start is well', (t) =>
  failDiskAtStart(t),
);

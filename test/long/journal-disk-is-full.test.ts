import { join } from 'node:path';
import t from 'tap';
import { fillJournalDisk } from '../support/faults/campaigns/full-disk-campaign.ts';
import { FaultyGateway, loadOf } from '../support/faults/faulty-gateway.ts';
import { record } from '../support/faults/results.ts';
import { SmallDisk } from '../support/faults/small-disk.ts';

const MiB = 1024 * 1024;

t.test('the disk of the journal is full: nothing is acknowledged, and all goes on once there is room', async (t) => {
  const faulty = await FaultyGateway.prepare(t);
  const disk = SmallDisk.mount(t, join(faulty.gateway.directory, 'journal'), 512);
  await faulty.gateway.start();
  const scene = await loadOf(t, faulty);
  await record(t, 'disk of the journal down to its reserve', () =>
    fillJournalDisk(scene, 4, { disk, leaveBytes: 200 * MiB, lastsMs: 5_000 }),
  );
  await record(t, 'disk of the journal full to the last byte', () =>
    fillJournalDisk(scene, 4, { disk, leaveBytes: 0, lastsMs: 5_000 }),
  );
  t.same(await scene.fleet.faults(), []);
});

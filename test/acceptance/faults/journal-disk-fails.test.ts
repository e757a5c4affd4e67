import t from 'tap';
import { diskFaults, failDisk } from '../../support/faults/campaigns/disk-campaign.ts';
import { underLoad } from '../../support/faults/faulty-gateway.ts';
import { check } from '../../support/faults/results.ts';
import { lentServices } from '../../support/services/shared-database.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

t.test('the disk of the journal fails under load: the file is given up, nothing acknowledged is lost', async (t) => {
  check(t, await failDisk(await underLoad(t, await lentServices(t)), diskFaults({ first: [], seed: 1, further: 1 })));
});

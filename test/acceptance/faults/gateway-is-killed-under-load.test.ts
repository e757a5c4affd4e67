import t from 'tap';
import { killAtSteps } from '../../support/faults/campaigns/kill-campaign.ts';
import { underLoad } from '../../support/faults/faulty-gateway.ts';
import { check } from '../../support/faults/results.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

t.test(
  'kill -9 under 100 messages/s at each labelled step, of a gateway that runs and of one that starts',
  async (t) => {
    check(t, await killAtSteps(await underLoad(t, {}, { perSecond: 100 }), { seeds: [2, 5], checks: 'at the end' }));
  },
);

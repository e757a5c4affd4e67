import t from 'tap';
import { killAtSteps } from '../support/faults/campaigns/kill-campaign.ts';
import { underLoad } from '../support/faults/faulty-gateway.ts';
import { STEPS } from '../support/faults/orders.ts';
import { record } from '../support/faults/results.ts';

/** Fewer where there is less time: `CAMPAIGN_SEEDS=4`. */
const SEEDS = Array.from({ length: Number(process.env.CAMPAIGN_SEEDS ?? 20) }, (_, seed) => seed);

t.test('kill -9 under 500 messages/s at each labelled step, with every seed', async (t) => {
  const scene = await underLoad(t);
  for (const step of STEPS) {
    scene.fleet.go();
    const kills = SEEDS.map((seed) => ({ step, seed }));
    await record(t, `kill -9 at ${step}`, () => killAtSteps(scene, { kills, checks: 'each start' }));
  }
  t.same(await scene.fleet.faults(), [], 'and in the end everything is there once');
});

import t from 'tap';
import { type Kill, killAtSteps } from '../../support/faults/campaigns/kill-campaign.ts';
import { underLoad } from '../../support/faults/faulty-gateway.ts';
import { STEPS } from '../../support/faults/orders.ts';
import { check } from '../../support/faults/results.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

/**
 * Each step once: on the way to its acknowledgement a message is lost by a gateway that runs, after that by one that
 * starts and catches up with what the kill before left behind. `npm run test:long` kills at each moment of each step.
 */
const KILLS: Kill[] = [
  { step: 'receive', seed: 2 },
  { step: 'decode', seed: 5 },
  { step: 'append', seed: 4 },
  { step: 'write', seed: 3 },
  { step: 'fsync', seed: 2 },
  { step: 'cursor', seed: 3 },
  { step: 'ack', seed: 4 },
];

t.test('kill -9 under 100 messages/s at each labelled step, of a gateway that runs or that starts', async (t) => {
  t.same(KILLS.map(({ step }) => step).sort(), [...STEPS].sort(), 'each step');
  // Each device knocks again and again while nobody is there, which fewer of them show as well.
  const scene = await underLoad(t, {}, { devices: 10, perSecond: 100 });
  check(t, await killAtSteps(scene, { kills: KILLS, checks: 'at the end' }));
});

import t from 'tap';
import { AlertScene, killAtAlertSteps } from '../../support/faults/campaigns/alert-campaign.ts';
import { ALERT_MOMENTS, ALERT_STEPS, type AlertStep } from '../../support/faults/orders.ts';
import { check } from '../../support/faults/results.ts';
import { chance } from '../../support/time/random.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

const random = chance();
const oneOf = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;

/** A moment of a step; `npm run test:long` kills at each moment of each step. */
function someKill(step: AlertStep) {
  return { step, seed: oneOf([...Object.keys(ALERT_MOMENTS[step]).keys()]) };
}

t.test('a gateway that is killed on the way of an alert tells it once to who makes its effect once', async (t) => {
  const scene = await AlertScene.start(t);
  const first = oneOf(ALERT_STEPS);
  const kills = [someKill(first), someKill(oneOf(ALERT_STEPS.filter((step) => step !== first)))];
  t.comment(JSON.stringify(kills));
  check(t, await killAtAlertSteps(scene, kills));
});

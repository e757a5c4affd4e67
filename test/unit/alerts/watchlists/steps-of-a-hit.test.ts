import t from 'tap';
import { DONE_BY, type HitStep, hitState, refusalOf } from '../../../../src/alerts/watchlists/hits/hit.ts';
import type { HitStepRow } from '../../../../src/alerts/watchlists/tables.ts';

const done = (...steps: HitStep[]): HitStepRow[] =>
  steps.map((step, at) => ({ step: DONE_BY[step], by: 'li', byId: 'li', atMs: at, text: null }));
const OPEN = { isCovert: false };

t.test('a hit is signed for, confirmed, ordered and reported, in this order', async (t) => {
  const way: HitStep[] = ['sign', 'confirm', 'order', 'report'];
  for (const [at, step] of way.entries()) {
    const before = done(...way.slice(0, at));
    t.equal(refusalOf(before, step, OPEN), null, step);
    for (const other of way.filter((one) => one !== step && !(step === 'order' && one === 'report'))) {
      t.match(refusalOf(before, other, OPEN), /^The hit is /, `${other} where ${step} is next`);
    }
  }
  t.equal(hitState(done(...way)), 'reported');
  t.equal(hitState([]), 'raised');
});

t.test('what is another vehicle is refuted before anybody is sent out', async (t) => {
  t.equal(refusalOf(done('sign'), 'refute', OPEN), null);
  t.equal(refusalOf(done('sign', 'confirm'), 'refute', OPEN), null);
  t.match(refusalOf(done('sign', 'confirm', 'order'), 'refute', OPEN), /ordered/);
  for (const step of ['sign', 'confirm', 'order', 'report'] as const) {
    t.match(refusalOf(done('sign', 'refute'), step, OPEN), /refuted/, step);
  }
});

t.test('a vehicle of a covert order is never stopped, and what was seen of it is reported', async (t) => {
  t.match(refusalOf(done('sign', 'confirm'), 'order', { isCovert: true }), /covert/);
  t.equal(refusalOf(done('sign', 'confirm'), 'report', { isCovert: true }), null);
});

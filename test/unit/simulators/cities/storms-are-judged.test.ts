import t from 'tap';
import { parseCityFile } from '../../../../simulators/cities/city-file.ts';
import { Facts } from '../../../../simulators/report/facts.ts';
import { judge } from '../../../../simulators/report/judge.ts';
import { MINUTE_MS } from '../../../../src/core/clock.ts';
import { type Flaw, live } from '../../../support/simulators/target.ts';
import type { StormFlaw } from '../../../support/simulators/told.ts';

/** Many kiosks are full at once, and some burn meanwhile. */
const FILE = parseCityFile(
  `
city: storm
title: { zh: 测试, en: Test }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203"]
fleets:
  - { name: kiosk, kind: recycling-kiosk, count: 60 }
timeline:
  - { atS: 120, do: full, fleet: kiosk, count: 30, forS: 60, alertWithinS: 5 }
  - { atS: 125, do: fire, fleet: kiosk, count: 12, forS: 60, alertWithinS: 5 }
`,
  'test',
);

async function judged(flaw: Flaw, seed: number) {
  const { entries, store } = live(FILE, { seed, flaw, forMs: 6 * MINUTE_MS });
  return judge(await Facts.of(entries), store);
}

const [MISSING, COUNTED] = ['expected alerts missing', 'storms told with another count'];
const BROKEN: Record<StormFlaw, string[]> = {
  'loses a part of a storm': [MISSING],
  'counts a part that it lost': [MISSING, COUNTED],
  'lets a part of a storm go': [MISSING],
  'tells nobody of a storm': [MISSING],
  'tells a storm too small': [COUNTED],
  'hides a fire in a storm': [MISSING],
  'opens a storm late': ['expected alerts late'],
  'makes up a part of a storm': ['alerts of nothing'],
};

for (const [flaw, promises] of Object.entries(BROKEN)) {
  t.test(`a gateway that ${flaw} is caught, and of nothing else accused`, async (t) => {
    for (let seed = 1; seed <= 3; seed += 1) {
      const found = await judged(flaw as Flaw, seed);
      const broken = found.promises.filter(({ kept }) => kept === false).map(({ name }) => name);
      t.strictSame(broken, promises, `seed ${seed}: ${found.examples.join('; ')}`);
    }
  });
}

t.test('a right gateway that makes one row of many alerts is not accused', async (t) => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { verdict, alerts, promises } = await judged('none', seed);
    t.equal(verdict, 'kept', JSON.stringify(promises.filter(({ kept }) => kept === false)));
    t.match(alerts, { expected: 42, delivered: 42, storms: 1, parts: 19, missing: 0, miscounted: 0 });
  }
});

t.test('a part that grew grave has left the storm and is told by itself', async (t) => {
  const { entries, store } = live(FILE, { seed: 1, flaw: 'lets a part of a storm go', forMs: 6 * MINUTE_MS });
  const gone = entries.flatMap((one) => (one.what === 'storm' ? one.storm.gone : []));
  const part = entries.flatMap((one) => (one.what === 'part' && gone.includes(one.part.alert) ? one.part : []))[0]!;
  const told = entries.find((one) => one.what === 'delivered');
  t.ok(told?.what === 'delivered');
  if (told?.what !== 'delivered') return;
  const { alert, device, atMs } = part;
  const grave = { ...told.delivered, alert, device, atMs, type: 'alert.updated', webhook: 'w-g', place: 'g' };
  const found = await judge(await Facts.of([...entries, { what: 'delivered', delivered: grave }]), store);
  t.equal(found.verdict, 'kept', found.examples.join('; '));
});

t.test('a storm that somebody closed is told of no more, and its count is not held against it', async (t) => {
  const { entries, store } = live(FILE, { seed: 1, flaw: 'tells a storm too small', forMs: 6 * MINUTE_MS });
  const leader = entries.find((one) => one.what === 'delivered' && one.delivered.storm > 0);
  t.ok(leader?.what === 'delivered');
  if (leader?.what !== 'delivered') return;
  const closed = { ...leader.delivered, type: 'alert.closed', storm: 0, webhook: 'w-c', place: 'c' };
  const found = await judge(await Facts.of([...entries, { what: 'delivered', delivered: closed }]), store);
  t.equal(found.alerts.miscounted, 0);
});

import t from 'tap';
import { parseCityFile } from '../../../../simulators/cities/city-file.ts';
import { compare } from '../../../../simulators/report/compare.ts';
import { Facts } from '../../../../simulators/report/facts.ts';
import { judge } from '../../../../simulators/report/judge.ts';
import { toPage } from '../../../../simulators/report/shown/page.ts';
import { toLines } from '../../../../simulators/report/shown/text.ts';
import { verdict as schema } from '../../../../simulators/report/verdict.ts';
import { MINUTE_MS } from '../../../../src/core/clock.ts';
import { type Flaw, live } from '../../../support/simulators/target.ts';
import type { StormFlaw } from '../../../support/simulators/told.ts';

const FILE = parseCityFile(
  `
city: test
title: { zh: 测试, en: Test }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203", "330205"]
fleets:
  - name: kiosk
    kind: recycling-kiosk
    count: 12
    periodS: 10
    habits:
      { duplicates: 0.1, reordered: 0.1, broken: 0.05, clockSkewS: 5, withoutIds: 0.3, outagesPerDay: 40, outageMin: 2 }
  - { name: gate, kind: checkpoint, count: 2 }
  - { name: lights, kind: signal-controller, count: 3, periodS: 20, habits: { duplicates: 0.05 } }
timeline:
  - { atS: 120, do: fire, fleet: kiosk, count: 2, forS: 60, alertWithinS: 5, clearWithinS: 90 }
  - { atS: 130, do: wanted, fleet: gate, plate: 浙B7K2M9, forS: 5, alertWithinS: 5 }
  - { atS: 200, do: power-cut, district: "330203", forS: 60 }
`,
  'test',
);

async function judged(flaw: Flaw, seed: number) {
  const { entries, store } = live(FILE, { seed, flaw, forMs: 6 * MINUTE_MS });
  return judge(await Facts.of(entries), store);
}

const BROKEN: Record<Exclude<Flaw, 'none' | StormFlaw>, string | string[]> = {
  'acks before it wrote': 'acknowledged and lost',
  'drops a batch': 'acknowledged and lost',
  'stores copies again': 'stored twice',
  'doubles a webhook': 'alerts told twice',
  'rings late': 'expected alerts late',
  'forgets an alert': 'expected alerts missing',
  'rings for nothing': 'alerts of nothing',
  'shows a stale latest': 'devices shown as they were before',
  'answers some of them never': 'sent and never answered',
  'never clears': 'alerts not cleared',
  'shows a foreign district': 'let in and to be refused',
  'keeps a ledger that balances and lies': ['acknowledged and lost', 'kinds with a ledger that is wrong'],
};

for (const [flaw, promise] of Object.entries(BROKEN)) {
  t.test(`a gateway that ${flaw} is caught, and of nothing else accused`, async (t) => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const { verdict, promises, examples } = await judged(flaw as Flaw, seed);
      t.equal(verdict, 'broken', `seed ${seed}`);
      const broken = promises.filter(({ kept }) => kept === false).map(({ name }) => name);
      t.strictSame(broken, [promise].flat());
      t.ok(examples.length > 0 || ['rings late', 'shows a stale latest'].includes(flaw));
    }
  });
}

t.test('a right gateway is never accused', async (t) => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const found = await judged('none', seed);
    t.equal(
      found.verdict,
      'kept',
      `seed ${seed}: ${JSON.stringify(found.promises.filter(({ kept }) => kept === false))}`,
    );
    t.ok(found.kinds.every(({ records, stored }) => records > 0 && records === stored));
    t.ok(
      found.kinds.some(({ explained }) => explained > 0),
      'copies and broken ones are explained',
    );
  }
});

t.test('without a store nothing is said of what was stored, and a killed run is judged by what is there', async (t) => {
  const { entries } = live(FILE, { seed: 1, flaw: 'drops a batch', forMs: 6 * MINUTE_MS });
  const cut = entries.filter(({ what }) => what !== 'self').slice(0, 2_000);
  const found = await judge(await Facts.of(cut), null);
  t.equal(found.isWhole, false);
  t.strictSame(found.promises.find(({ name }) => name === 'acknowledged and lost')?.kept, null);
  t.ok(found.kinds.every(({ stored, lost, doubled }) => stored === null && lost === null && doubled === null));
  t.strictSame(found.examples, [], 'and no record is called lost');
  t.notMatch(toPage(found), /not stored/);
  await t.rejects(judge(await Facts.of([]), null), /no beginning/);
});

t.test('a generator that was late itself says so, and judges no delays', async (t) => {
  const { entries, store } = live(FILE, { seed: 1, flaw: 'none', forMs: 6 * MINUTE_MS });
  const late = entries.map((entry) =>
    entry.what === 'sent' ? { ...entry, sent: { ...entry.sent, sentMs: entry.sent.dueMs + 900 } } : entry,
  );
  const found = await judge(await Facts.of(late), store);
  t.equal(found.isBottleneck, true);
  t.match(
    found.promises.find(({ name }) => name.startsWith('acknowledged within')),
    { kept: null, why: /bottleneck/ },
  );
  t.match(toLines(found).join('\n'), /generator itself was the bottleneck/);
});

t.test('a verdict is text, a page that needs nothing else, and comparable', async (t) => {
  const [right, wrong] = [await judged('none', 1), await judged('drops a batch', 1)];
  t.strictSame(schema.parse(JSON.parse(JSON.stringify(right))), right, 'it survives being a file');
  t.match(toLines(wrong).join('\n'), /BROKEN[\s\S]*X acknowledged and lost: \d+ \(at most 0\)/);
  const page = toPage({ ...wrong, head: { ...wrong.head, city: '<script>alert(1)</script>' } });
  t.notMatch(page, /<script|src=|href=|@import|url\(/, 'no script, and nothing from elsewhere');
  t.match(page, /<svg[\s\S]*<polyline[\s\S]*<rect/);
  t.match(compare(right, wrong).join('\n'), /lost +0 +\d+ +WORSE/);
});

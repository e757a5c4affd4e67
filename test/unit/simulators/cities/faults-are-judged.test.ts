import t from 'tap';
import { buildCity } from '../../../../simulators/cities/city.ts';
import { parseCityFile } from '../../../../simulators/cities/city-file.ts';
import { refuseFaults } from '../../../../simulators/cities/faults.ts';
import type { Entry } from '../../../../simulators/fleet/ledger-lines.ts';
import { compare } from '../../../../simulators/report/compare.ts';
import { Facts } from '../../../../simulators/report/facts.ts';
import { judge } from '../../../../simulators/report/judge.ts';
import { toPage } from '../../../../simulators/report/shown/page.ts';
import { toLines } from '../../../../simulators/report/shown/text.ts';
import { verdict as verdictSchema } from '../../../../simulators/report/verdict.ts';

const BEGAN_MS = Date.UTC(2026, 5, 8, 10);
const FILE = `
city: test
title: { zh: 测试, en: Test }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203", "330205"]
fleets:
  - { name: kiosk, kind: recycling-kiosk, count: 30 }
`;

const FAULTS = `
timeline:
  - { atS: 60, do: stop, program: influxd, forS: 20 }
  - { atS: 200, do: network, district: "330205", fault: silence, forS: 20 }
  - { atS: 300, do: kill, program: redis-server }
  - { atS: 310, do: attack, fleet: kiosk, count: 2, forS: 20 }
  - { atS: 320, do: swap, fleet: kiosk, count: 3 }
`;

interface Told {
  /** From the moment that something is due at, in seconds after the beginning, until it is answered. */
  answers?: [dueS: number, tookS: number, district?: string][];
  fire?: { atS: number; toldS: number };
  more?: Entry[];
  /** Before anything is sent. */
  first?: Entry[];
}

async function judged({ answers = [], fire, more = [], first = [] }: Told) {
  const city = buildCity(parseCityFile(FILE + FAULTS, 'test'), {
    seed: 1,
    scale: 1,
    prefix: 'sim-t-',
    beginAtMs: BEGAN_MS,
  });
  const told = {
    run: 'r1',
    city: 'test',
    seed: 1,
    scale: 1,
    prefix: 'sim-t-',
    gateway: 'test',
    machine: 'test',
    part: '1/1',
  };
  const entries: Entry[] = [{ what: 'head', head: { ...told, beganAtMs: BEGAN_MS } }];
  entries.push(...city.befallen.map((befallen): Entry => ({ what: 'befallen', befallen })));
  entries.push(...first);
  for (const [index, district] of ['330203', '330205'].entries()) {
    entries.push({ what: 'device', index, kind: 'recycling-kiosk', id: `sim-t-x-${index}`, district });
  }
  for (const [seq, [dueS, tookS, district = '330203']] of answers.entries()) {
    const [dueMs, device] = [dueS * 1_000, district === '330203' ? 0 : 1];
    const tsMs = [BEGAN_MS + dueMs];
    entries.push({
      what: 'sent',
      sent: { seq, device, channel: 'telemetry', fate: 'kept', dueMs, sentMs: dueMs, tsMs },
    });
    entries.push({ what: 'acked', seq, atMs: dueMs + tookS * 1_000 });
  }
  if (fire) {
    const [fromMs, atMs] = [BEGAN_MS + fire.atS * 1_000, BEGAN_MS + fire.toldS * 1_000];
    const device = 'sim-t-x-0';
    const span = {
      fromMs,
      toMs: fromMs + 60_000,
      alertWithinMs: 5_000,
      clearWithinMs: null,
      saidMs: null,
      overSaidMs: null,
    };
    entries.push({ what: 'befallen', befallen: { what: 'fire', device, district: null, ...span } });
    const delivered = { atMs, webhook: 'w', alert: 'a', type: 'alert.opened', device, place: 'e', verdict: 'right' };
    entries.push({ what: 'delivered', delivered: { ...delivered, isRepeat: false, storm: 0, stamps: null } });
  }
  const verdict = await judge(await Facts.of([...entries, ...more]), null);
  const { promises, ...rest } = verdict;
  const broken = promises.filter(({ kept }) => kept === false).map(({ name }) => name);
  return { ...rest, whole: verdict, broken, promise: (name: RegExp) => promises.find((one) => name.test(one.name)) };
}

const NOBODY = { watchPid: null, fillDir: null };
const LATE = 'acknowledged within, p99 ms';

t.test('what is due while the ground is gone, or a minute later, is owed no delay', async (t) => {
  t.strictSame(
    (
      await judged({
        answers: [
          [65, 14],
          [130, 3],
        ],
      })
    ).broken,
    [],
  );
  const { excused, answers } = await judged({
    answers: [
      [65, 14],
      [190, 1],
    ],
  });
  t.strictSame([excused.count, answers.count], [1, 1]);
  t.strictSame((await judged({ answers: [[30, 14]] })).broken, [LATE], 'before');
  t.strictSame((await judged({ answers: [[150, 14]] })).broken, [LATE], 'long after');
});

t.test('a fault that was asked for and not made is said, explains nothing, and leaves no run kept', async (t) => {
  const fromMs = BEGAN_MS + 60_000;
  const unmade: Entry = {
    what: 'unmade',
    unmade: { what: 'stop influxd', fromMs, toMs: fromMs + 20_000, why: 'there is no <influxd>' },
  };
  const made = await judged({ answers: [[30, 1]] });
  const { verdict, whole, events } = await judged({ answers: [[30, 1]], first: [unmade] });
  t.strictSame([made.verdict, verdict], ['kept', 'incomplete']);
  t.strictSame(whole.unmade, [{ what: 'stop influxd', fromMs: 60_000, toMs: 80_000, why: 'there is no <influxd>' }]);
  t.strictSame(
    [made.events, events].map((one) => one.some(({ what }) => what === 'stop influxd')),
    [true, false],
  );
  const text = toLines(whole).join('\n');
  t.match(text, /: INCOMPLETE\n[\s\S]*not made: stop influxd after 60\.0 s: there is no <influxd>/);
  t.match(toPage(whole), /<span class="broken">incomplete<\/span>[\s\S]*not made: stop influxd[^<]*&lt;influxd&gt;/);
  t.match(
    compare(made.whole, whole).join('\n'),
    /verdict +kept +incomplete +changed[\s\S]*faults not made +0 +1 +WORSE/,
  );
  t.match(compare(made.whole, whole).join('\n'), /r1: not made: stop influxd/);
  t.strictSame(verdictSchema.parse(JSON.parse(JSON.stringify(whole))).unmade, whole.unmade);
  const late = await judged({ answers: [[65, 14]], first: [unmade] });
  t.strictSame([late.verdict, late.broken], ['broken', [LATE]], 'and nothing is excused by it');
});

t.test('a fault of the network is that of one district, and an attack excuses nothing', async (t) => {
  t.strictSame((await judged({ answers: [[205, 14, '330205']] })).broken, []);
  t.strictSame((await judged({ answers: [[205, 14]] })).broken, [LATE]);
  t.strictSame((await judged({ answers: [[390, 14]] })).broken, [LATE]);
});

t.test('an alert of what happens in a fault may come when it is over, and not later', async (t) => {
  t.strictSame((await judged({ fire: { atS: 65, toldS: 140 } })).broken, []);
  t.strictSame((await judged({ fire: { atS: 65, toldS: 150 } })).broken, ['expected alerts late']);
  t.strictSame((await judged({ fire: { atS: 30, toldS: 45 } })).broken, ['expected alerts late']);
  t.strictSame((await judged({ fire: { atS: 65, toldS: 250 } })).broken, ['expected alerts missing']);
});

t.test('that a part of the gateway is away is no reason for an alert of a device', async (t) => {
  const [atMs, device] = [BEGAN_MS + 70_000, 'sim-t-x-0'];
  const delivered = { atMs, webhook: 'w', alert: 'a', type: 'alert.opened', device, place: 'e', verdict: 'right' };
  const more: Entry[] = [{ what: 'delivered', delivered: { ...delivered, isRepeat: false, storm: 0, stamps: null } }];
  t.strictSame((await judged({ more })).broken, ['alerts of nothing']);
});

t.test('a gateway that is not well in time, or never, is found', async (t) => {
  const healed = (wellMs: number | null): Entry => ({
    what: 'healed',
    healed: { what: 'stop x', endedMs: 0, wellMs, left: [] },
  });
  t.match((await judged({ more: [healed(2_500), healed(1_000)] })).promise(/green/), { kept: true, figure: 2.5 });
  t.strictSame((await judged({ more: [healed(61_000)] })).broken, ['all lights green after a fault, s']);
  t.strictSame((await judged({ more: [healed(2_500), healed(null)] })).broken, ['all lights green after a fault, s']);
});

t.test('a gateway that lets in whom it has to refuse is found', async (t) => {
  const refusal = (letIn: number): Entry => ({ what: 'refusal', refusal: { what: 'attack', tries: 100, letIn } });
  t.match((await judged({ more: [refusal(0)] })).promise(/let in/), { kept: true, figure: 0 });
  t.strictSame((await judged({ more: [refusal(0), refusal(1)] })).broken, ['let in and to be refused']);
});

t.test('the timeline says what is done to whom, and what cannot be done is refused in a sentence', async (t) => {
  const city = buildCity(parseCityFile(FILE + FAULTS, 'test'), {
    seed: 1,
    scale: 1,
    prefix: 'sim-t-',
    beginAtMs: BEGAN_MS,
  });
  t.strictSame(
    city.faults.map(({ what, devices }) => [what, devices.length]),
    [
      ['stop influxd', 0],
      ['network silence', 0],
      ['kill redis-server', 0],
      ['attack', 2],
      ['swap', 3],
    ],
  );
  t.match(
    city.befallen.find(({ what }) => what === 'network silence'),
    { district: '330205', alertWithinMs: null },
  );
  t.throws(() => refuseFaults(city, NOBODY), /"stop influxd", and no process of the gateway is named: --watch-pid/);
  t.doesNotThrow(() => refuseFaults(city, { ...NOBODY, watchPid: 1 }));
  const wrong: [string, RegExp][] = [
    ['{ atS: 1, do: network, district: "110101", fault: reset, forS: 1 }', /none of the city's districts/],
    ['{ atS: 1, do: network, district: "330203", fault: rain, forS: 1 }', /timeline\.0/],
    ['{ atS: 1, do: stop, program: "rm -rf", forS: 1 }', /timeline\.0/],
    ['{ atS: 1, do: swap, fleet: kiosk, count: 31 }', /31 are more than the fleet/],
    ['{ atS: 1, do: attack, fleet: nobody, forS: 1 }', /there is no fleet nobody/],
  ];
  for (const [one, sentence] of wrong) {
    t.throws(() => parseCityFile(`${FILE}timeline: [${one}]`, 'f'), { message: sentence }, one);
  }
});

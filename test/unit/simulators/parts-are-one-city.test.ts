import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { buildCity } from '../../../simulators/cities/city.ts';
import { parseCityFile } from '../../../simulators/cities/city-file.ts';
import { line, type RunHead } from '../../../simulators/fleet/ledger-lines.ts';
import { mergedLedger } from '../../../simulators/parts/merge.ts';
import { firstAddressOf } from '../../../simulators/parts/part-run.ts';
import { parsePart, refuseLate, shareOf } from '../../../simulators/parts/share.ts';
import { Facts } from '../../../simulators/report/facts.ts';
import { judge } from '../../../simulators/report/judge.ts';

const BEGAN_MS = Date.UTC(2026, 5, 8, 10);

const CITY = `
city: test
title: { zh: 测试, en: Test }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203"]
fleets:
  - { name: spot, kind: site, count: 20 }
  - { name: ap, kind: wifi-ap, count: 100, under: spot }
timeline:
`;
const build = (timeline: string) =>
  buildCity(parseCityFile(`${CITY}  - ${timeline}`, 'test'), { seed: 1, scale: 1, prefix: 'sim-t-', beginAtMs: 1 });

t.test('parts are the whole city, each device once, children with their parents, and faults in the first', (t) => {
  const whole = build('{ atS: 1, do: stop, program: influxd, forS: 1 }');
  const parts = [1, 2, 3].map((index) => shareOf(whole, { index, of: 3, beginAtMs: 0 }));
  const ids = parts.flatMap(({ citizens }) => citizens.map(({ sender }) => sender.being.id));
  t.strictSame(ids.sort(), whole.citizens.map(({ sender }) => sender.being.id).sort());
  for (const { citizens } of parts) {
    const own = new Set(citizens.map(({ sender }) => sender.being.id));
    t.ok(citizens.length > 10 && citizens.every(({ parent }) => parent === null || own.has(parent)));
  }
  t.strictSame(
    parts.map(({ faults }) => faults.length),
    [1, 0, 0],
  );
  t.equal(shareOf(whole, null), whole);
  const network = build('{ atS: 1, do: network, district: "330203", fault: reset, forS: 1 }');
  t.throws(() => shareOf(network, { index: 2, of: 3, beginAtMs: 0 }), { message: /only a city in one part can have/ });
  t.strictSame([firstAddressOf({ index: 1, of: 2 }), firstAddressOf({ index: 2, of: 2 })], [0, 32_767]);
  t.end();
});

t.test('a part is said in words, and begins in time or not at all', (t) => {
  t.strictSame(parsePart('2/3'), { index: 2, of: 3 });
  for (const text of ['0/2', '3/2', '1/65', 'x', '1/']) t.throws(() => parsePart(text), { message: /such as 2\/3/ });
  t.throws(() => refuseLate({ index: 1, of: 2, beginAtMs: 1_000 }, 3_500), { message: /was 3 s before/ });
  t.doesNotThrow(() => refuseLate({ index: 1, of: 2, beginAtMs: 4_000 }, 3_500));
  t.end();
});

const HEAD: RunHead = {
  run: 'r1',
  city: 'test',
  seed: 1,
  scale: 1,
  prefix: 'sim-t-',
  gateway: 'g',
  machine: 'm',
  part: '1/2',
  beganAtMs: BEGAN_MS,
};
const SELF = { sent: 1, late: 0, lateP99Ms: 3, loopP99Ms: 4, cpuShare: 0.2, rssMb: 50, endedAtMs: BEGAN_MS + 9_000 };

function partOf(head: Partial<RunHead>, { id, tsMs, self = SELF }: { id: string; tsMs: number; self?: typeof SELF }) {
  const sent = {
    seq: 0,
    device: 0,
    channel: 'telemetry',
    fate: 'kept',
    dueMs: 100,
    sentMs: 101,
    tsMs: [tsMs],
  } as const;
  return [
    line.device(0, 'sign', id, '330203'),
    line.head({ ...HEAD, ...head }),
    line.sent(sent),
    line.acked(0, 105),
    line.process({ atMs: BEGAN_MS, name: 'simulator', rssMb: 1, cpuShare: 0 }),
    line.self(self),
  ];
}

t.test('ledgers of parts are judged as one, in whichever order they are named', async (t) => {
  const directory = t.testdir();
  const write = (name: string, lines: readonly string[]): string => {
    const path = join(directory, name);
    writeFileSync(path, `${lines.join('\n')}\n`);
    return path;
  };
  const one = write('one', partOf({}, { id: 'sim-t-1', tsMs: BEGAN_MS + 100 }));
  const busy = { ...SELF, cpuShare: 0.95 };
  const second = partOf({ part: '2/2', beganAtMs: BEGAN_MS + 5 }, { id: 'sim-t-2', tsMs: BEGAN_MS + 105, self: busy });
  const two = write('two', second);
  const store = {
    async *rows() {
      yield { device: 'sim-t-1', tsMs: BEGAN_MS + 100 };
    },
  };
  const found = await judge(await Facts.of(mergedLedger([two, one])), store);
  t.match(found.kinds, [{ kind: 'sign', devices: 2, sent: 2, acked: 2, stored: 1, lost: 1 }]);
  t.match(found.examples, [/^sim-t-2 .*not stored/], 'what a part lost is found');
  t.match(found.head, { part: '1/1', beganAtMs: BEGAN_MS });
  t.match(found.self, { sent: 2, rssMb: 100, cpuShare: 0.95 });
  t.equal(found.isBottleneck, true, 'one of them was too busy');
  t.strictSame([...new Set(found.processes.map(({ name }) => name))], ['simulator 1', 'simulator 2']);

  const killed = write('killed', second.slice(0, -1));
  t.equal((await judge(await Facts.of(mergedLedger([one, killed])), store)).isWhole, false);
  const wrong: [string[], RegExp][] = [
    [[one], /part 2\/2 is missing/],
    [[one, two, one], /part 1\/2 is there more than once/],
    [[one, write('other', partOf({ part: '2/2', run: 'r2' }, { id: 'x', tsMs: 1 }))], /is of run r2/],
    [[one, write('none', ['d 0 sign x 330203'])], /has no beginning/],
  ];
  for (const [paths, sentence] of wrong) await t.rejects(Facts.of(mergedLedger(paths)), { message: sentence });
});

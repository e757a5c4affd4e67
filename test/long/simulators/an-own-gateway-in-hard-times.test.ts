import { spawnSync } from 'node:child_process';
import t, { type Test } from 'tap';
import type { Verdict } from '../../../simulators/report/verdict.ts';
import { simulate, verdictOf } from '../../support/simulators/command.ts';

t.setTimeout(900_000);

const canWatch = spawnSync('strace', ['-e', 'trace=none', 'true']).status === 0;

function cityOf(kiosks: number, timeline: string): string {
  return `
city: hard
title: { zh: 测试, en: Hard }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203", "330205"]
fleets:
  - { name: kiosk, kind: recycling-kiosk, count: ${kiosks}, periodS: 10 }
timeline: ${timeline}
`;
}

async function lived(t: Test, city: string, words: readonly string[]) {
  const run = simulate(t, t.testdir(), { city, words });
  const status = await run.ended;
  const text = run.lines.slice(-60).join('\n');
  return { ...verdictOf(run), status, text };
}

/** A machine that is busy with other work makes everything late; nothing may be lost there either. */
function broken({ promises }: Verdict): string[] {
  return promises.filter(({ kept, name }) => kept === false && !/late|within/.test(name)).map(({ name }) => name);
}

function promise({ promises }: Verdict, name: string) {
  return promises.find((one) => one.name === name);
}

const OF_POWER = 'acknowledged before it was on the disk';

t.test('all that a gateway of its own answers is on the disk by then', async (t) => {
  const found = await lived(t, cityOf(20, '[]'), ['--for', '30s', '--power']);
  t.strictSame(broken(found), [], found.text);
  if (canWatch) t.match(promise(found, OF_POWER), { kept: true, figure: 0 }, found.text);
  else t.match(promise(found, OF_POWER)?.why, /power loss not judged/);
  t.ok(found.kinds.every(({ sent, acked, lost }) => sent > 0 && acked > 0 && lost === 0));
});

t.test('a gateway of its own gets over a full disk', async (t) => {
  const found = await lived(t, cityOf(40, '[{ atS: 10, do: fill-disk, forS: 15 }]'), ['--for', '50s']);
  t.strictSame(broken(found), [], found.text);
  t.match(found.events, [{ what: 'fill-disk', wellAfterMs: Number }], found.text);
  t.strictSame(found.unmade, []);
});

t.test('a fault that cannot be made leaves the run incomplete', async (t) => {
  const found = await lived(t, cityOf(10, '[{ atS: 5, do: stop, program: mosquitto, forS: 5 }]'), ['--for', '20s']);
  t.strictSame(broken(found), [], found.text);
  t.match(found.unmade, [{ what: 'stop mosquitto', why: /there is no process mosquitto/ }]);
  if (found.verdict !== 'broken') t.strictSame([found.verdict, found.status], ['incomplete', 3]);
});

t.test('a district of six hundred kiosks gets its power back', async (t) => {
  const timeline = '[{ atS: 20, do: power-cut, district: "330203", forS: 60 }]';
  const found = await lived(t, cityOf(1_200, timeline), ['--for', '3m']);
  t.strictSame(broken(found), [], found.text);
  t.match(promise(found, 'all lights green after a fault, s'), { kept: true }, found.text);
  t.ok(found.kinds.every(({ records, stored, lost, doubled }) => records === stored && lost === 0 && doubled === 0));
});

import t, { type Test } from 'tap';
import { parseCityFile } from '../../../simulators/cities/city-file.ts';
import { runDriven } from '../../../simulators/drivers/driven-run.ts';
import { readDriver } from '../../../simulators/drivers/driver.ts';
import {
  type Carrier,
  DATABASE,
  drivenOptions,
  hasTelegraf,
  standIn,
  startMosquitto,
  telegraf,
} from '../../support/simulators/foreign.ts';
import { Influxd } from '../../support/telemetry/influxd.ts';

t.setTimeout(180_000);

/** Everything that a device may do to a gateway, in a few seconds. */
const CITY = parseCityFile(
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
    periodS: 1
    habits: { duplicates: 0.2, reordered: 0.05, broken: 0.1, clockSkewS: 5, withoutIds: 0.3 }
  - { name: gate, kind: checkpoint, count: 2, periodS: 2 }
  - { name: sign, kind: sign, count: 2, periodS: 1, speech: { protocol: http } }
timeline:
  - { atS: 1, do: fire, fleet: kiosk, count: 2, forS: 2, alertWithinS: 5 }
  - { atS: 1, do: power-cut, district: "330205", forS: 2 }
  - { atS: 2, do: attack, fleet: kiosk, forS: 1 }
`,
  'test',
);

async function judged(t: Test, carrier: Carrier, settleMs = 20_000) {
  const driver = await readDriver('config/drivers/mosquitto-telegraf.yaml');
  const influxd = await Influxd.start(t);
  await influxd.query(`CREATE DATABASE ${DATABASE}`);
  const port = await startMosquitto(t);
  await carrier(t, { port, influxd });
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const options = drivenOptions(t, { file: CITY, port, influxd, driver, forMs: 4_000, settleMs, say });
  return { ...(await runDriven(options, driver)), said };
}

async function isRight(t: Test, carrier: Carrier): Promise<void> {
  const { verdict, kinds, promises, examples, events, unmade, said } = await judged(t, carrier);
  t.strictSame(
    promises.filter(({ kept }) => kept === false).map(({ name }) => name),
    [],
    examples.join('\n'),
  );
  t.equal(verdict, 'incomplete', 'the attack of the timeline was not made');
  t.match(unmade, [{ what: 'attack', fromMs: 2_000, toMs: 3_000, why: /not made at a gateway that a driver reaches/ }]);
  for (const { kind, records, stored, sent } of kinds) {
    t.ok(sent > 0 && records > 0 && records === stored, `${kind}: ${stored} of ${records}`);
  }
  t.ok(
    kinds.some(({ explained }) => explained > 0),
    'copies, and what nobody can read',
  );
  t.equal(promises.find(({ name }) => name === 'expected alerts missing')?.kept, null, 'it tells nobody of alerts');
  t.strictSame(
    events.map(({ what }) => what),
    ['fire', 'power-cut'],
  );
  t.match(said.join('\n'), /1 faults of the timeline are left out/);
}

t.test('Mosquitto and what stands in for Telegraf keep their promises', (t) => isRight(t, standIn()));

if (hasTelegraf) t.test('Mosquitto and Telegraf keep their promises', (t) => isRight(t, telegraf));

t.test('a carrier that loses some is caught', async (t) => {
  const { promises, examples } = await judged(
    t,
    // All of one device, copies too: a record whose copy comes through is not lost.
    standIn((line) => line.includes('kiosk-00003')),
  );
  const broken = promises.filter(({ kept }) => kept === false).map(({ name }) => name);
  t.strictSame(broken, ['acknowledged and lost']);
  t.match(examples[0], /acknowledged and not stored/);
});

import t from 'tap';
import { RulesEngine } from '../../../../src/alerts/rules/engine.ts';
import { dedupKey } from '../../../../src/alerts/rules/findings.ts';
import { parseRule } from '../../../../src/alerts/rules/rules.ts';
import type { DecodedRecord, FieldValue } from '../../../../src/core/types.ts';
import { Kinds } from '../../../../src/devices/kinds/kinds.ts';
import { ALL_THERE, message, reading } from '../../../support/alerts/alerts.ts';
import { KINDS_DIRECTORY } from '../../../support/devices/registry.ts';

const kinds = await Kinds.load(KINDS_DIRECTORY);

function engineOf(kind: string, condition: string) {
  const head = `rule: r\nversion: 1\ntitle: { en: A, zh: 甲 }\nseverity: minor\nclass: fault\nkinds: [${kind}]\n`;
  const parsed = parseRule(`${head}condition: ${condition}\n`, kinds);
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  const engine = new RulesEngine([parsed.rule], { match: () => [] }, ALL_THERE);
  let offset = 0;
  const say = (atS: number, ...all: DecodedRecord[]) => {
    offset += 1;
    const records = all.map((record, index) => ({ ...record, index }));
    return engine.judge(message({ device: 'd', kind, offset, receivedAtMs: atS * 1000, records }), 0);
  };
  return { engine, say };
}

const lane = (atS: number, number: number, values: Record<string, FieldValue>): DecodedRecord => ({
  ...reading({ lane: number, ...values }, atS * 1000),
  tag: 'lane',
});

t.test('the speeds of lanes do not mix: one that falls is told, and lanes that differ are not', async (t) => {
  const { say } = engineOf('signal-controller', '{ type: rate, field: speed_kmh, fall: 30, within_s: 300 }');
  for (let atS = 0; atS < 240; atS += 60) {
    const found = say(atS, lane(atS, 1, { speed_kmh: 60 }), lane(atS, 2, { speed_kmh: 10 }));
    t.strictSame(found, []);
  }
  const found = say(240, lane(240, 1, { speed_kmh: 15 }), lane(240, 2, { speed_kmh: 10 }));
  t.match(found, [{ scope: 'lane=1', transition: 'fired', data: { lane: 1, change: -45 } }]);
  t.equal(found.length, 1);
});

t.test('each lane is an alert of its own, and what is of the whole device has none of them', async (t) => {
  const { say } = engineOf('signal-controller', '{ type: threshold, any: [{ field: occupancy_pct, above: 90 }] }');
  const found = say(
    1,
    lane(1, 1, { occupancy_pct: 95 }),
    lane(1, 2, { occupancy_pct: 96 }),
    lane(1, 3, { occupancy_pct: 5 }),
  );
  t.strictSame(found.map(dedupKey), ['r|d|lane=1', 'r|d|lane=2']);
  t.equal(new Set(found.map(({ id }) => id)).size, 2);
  t.match(say(2, lane(2, 1, { occupancy_pct: 5 })), [{ scope: 'lane=1', transition: 'cleared' }]);
  t.strictSame(say(3, reading({ occupancy_pct: 99 }, 3_000)).map(dedupKey), ['r|d']);
});

t.test('two lanes that one message begins to hold fire under two ids, also after a restart', async (t) => {
  const HELD = '{ type: threshold, any: [{ field: occupancy_pct, above: 90 }], hold_s: 60 }';
  const { engine, say } = engineOf('signal-controller', HELD);
  t.strictSame(say(1, lane(1, 1, { occupancy_pct: 95 }), lane(1, 2, { occupancy_pct: 96 })), []);
  const again = engineOf('signal-controller', HELD).engine;
  again.load(JSON.parse(JSON.stringify(engine.takeChanged())));
  for (const one of [engine, again]) {
    const found = one.advanceTo(100_000, 0);
    t.strictSame(new Set(found.map(dedupKey)), new Set(['r|d|lane=1', 'r|d|lane=2']));
    t.equal(new Set(found.map(({ id }) => id)).size, 2);
    t.match(found, [{ data: { lane: Number, occupancy_pct: Number } }, { data: { lane: Number } }]);
  }
});

t.test('pumps trip one by one: three of one are counted, one of each of three is not', async (t) => {
  const { say } = engineOf('pump', '{ type: count, event: pump_trip, at_least: 3, within_s: 3600 }');
  const trip = (atS: number, pump: number): DecodedRecord => ({
    ...reading({}, atS * 1000),
    type: 'event',
    event: 'pump_trip',
    data: new Map([['pump', pump]]),
    tag: 'pump',
  });
  for (const pump of [1, 2, 3]) t.strictSame(say(pump, trip(pump, pump)), []);
  t.strictSame(say(10, trip(10, 2)), []);
  t.match(say(20, trip(20, 2)), [{ scope: 'pump=2', transition: 'fired' }]);
});

t.test('a value of a tag that would be read as a mark is written so that it is none', async (t) => {
  const { say } = engineOf('pollution-logger', '{ type: threshold, any: [{ field: ph, above: 9 }] }');
  const record = (value: string): DecodedRecord => ({ ...reading({ record: value, ph: 10 }, 1_000), tag: 'record' });
  t.strictSame(say(1, record('a|b#c%')).map(dedupKey), ['r|d|record=a%7Cb%23c%25']);
  t.match(say(2, record('hour')), [{ scope: 'record=hour', data: { record: 'hour', ph: 10 } }]);
});

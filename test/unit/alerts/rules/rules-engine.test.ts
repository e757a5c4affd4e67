import t from 'tap';
import { RulesEngine, type Watch } from '../../../../src/alerts/rules/engine.ts';
import type { Finding } from '../../../../src/alerts/rules/findings.ts';
import { parseRule, type Rule } from '../../../../src/alerts/rules/rules.ts';
import type { Reading } from '../../../../src/core/types.ts';
import { ALL_THERE, kindCatalogue, message, passage, reading, report } from '../../../support/alerts/alerts.ts';

const NOBODY: Watch = { match: () => [] };

function rule(text: string): Rule {
  const parsed = parseRule(text, kindCatalogue);
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  return parsed.rule;
}

const absence = rule(`
rule: kiosk-silent
version: 1
title: { en: Silent, zh: 失联 }
severity: moderate
class: incident
kinds: [recycling-kiosk]
condition: { type: absence, silent_for_s: 30 }
`);

const fire = rule(`
rule: kiosk-fire
version: 3
title: { en: Fire, zh: 起火 }
severity: extreme
class: incident
kinds: [recycling-kiosk]
condition: { type: threshold, any: [{ field: smoke, equals: true }] }
`);

const names = (findings: Pick<Finding, 'rule' | 'transition' | 'subject'>[]) =>
  findings.map(({ rule, transition, subject }) => `${rule} ${transition} ${subject.id}`);

t.test('silence fires once after its time and ends with the next sign of life', async (t) => {
  const engine = new RulesEngine([absence], NOBODY, ALL_THERE);
  engine.judge(message({ device: 'k1', offset: 1, receivedAtMs: 1_000, records: [reading({ fill_pct: 1 })] }), 0);
  t.same(names(engine.advanceTo(30_999, 0)), []);
  const fired = engine.advanceTo(31_000, 0);
  t.same(names(fired), ['kiosk-silent fired k1']);
  t.equal(fired[0]?.receivedAtMs, 31_000);
  t.same(names(engine.advanceTo(99_000, 0)), []);
  const back = message({ device: 'k1', offset: 9, receivedAtMs: 99_000, records: [reading({ fill_pct: 1 })] });
  t.same(names(engine.judge(back, 0)), ['kiosk-silent cleared k1']);
});

t.test('a record lets the clocks run out that were due before it, as they would have live', async (t) => {
  const live = new RulesEngine([absence], NOBODY, ALL_THERE);
  const late = new RulesEngine([absence], NOBODY, ALL_THERE);
  const first = message({ device: 'k1', offset: 1, receivedAtMs: 1_000, records: [reading({})] });
  const second = message({ device: 'k2', offset: 2, receivedAtMs: 40_000, records: [reading({})] });
  live.judge(first, 0);
  const atOnce = live.advanceTo(31_000, 0);
  late.judge(first, 0);
  const onCatchUp = late.judge(second, 0);
  t.equal(onCatchUp[0]?.id, atOnce[0]?.id);
  t.equal(onCatchUp.length, 1);
});

t.test('what a clock raises carries the device time of the newest reading behind it; silence has none', async (t) => {
  const full = rule(`
rule: kiosk-full
version: 1
title: { en: Full, zh: 已满 }
severity: minor
class: incident
kinds: [recycling-kiosk]
condition: { type: threshold, any: [{ field: fill_pct, above: 90 }], hold_s: 5 }
`);
  const engine = new RulesEngine([full, absence], NOBODY, ALL_THERE);
  const at = (offset: number, atMs: number) =>
    message({ device: 'k1', offset, receivedAtMs: 10_000 + atMs, records: [reading({ fill_pct: 95 }, atMs)] });
  engine.judge(at(1, 1_000), 0);
  engine.judge(at(2, 4_000), 0);
  t.match(engine.advanceTo(50_000, 0), [
    { rule: 'kiosk-full', deviceAtMs: 4_000, receivedAtMs: 16_000 },
    { rule: 'kiosk-silent', deviceAtMs: null },
  ]);
});

t.test('its own farewell is no sign of life and does not shorten the wait', async (t) => {
  const engine = new RulesEngine([absence], NOBODY, ALL_THERE);
  engine.judge(message({ device: 'k1', offset: 1, receivedAtMs: 0, records: [report(true)] }), 0);
  engine.judge(message({ device: 'k1', offset: 2, receivedAtMs: 20_000, records: [report(false)] }), 0);
  t.same(names(engine.advanceTo(29_999, 0)), []);
  t.same(names(engine.advanceTo(30_000, 0)), ['kiosk-silent fired k1']);
});

t.test('a start of the gateway restarts the clocks, a retirement ends one', async (t) => {
  const engine = new RulesEngine([absence], NOBODY, ALL_THERE);
  const internal = (topic: string, device: string, offset: number, receivedAtMs: number) =>
    engine.judge({ ...message({ device, offset, receivedAtMs, records: [], topic, uplink: 'internal' }) }, 0);
  for (const [at, device] of ['k1', 'k2'].entries()) {
    engine.judge(message({ device, offset: at, receivedAtMs: 0, records: [reading({})] }), 0);
  }
  internal('internal/start', 'gateway', 3, 20_000);
  t.same(names(engine.advanceTo(45_000, 0)), []);
  internal('internal/retired', 'k2', 4, 46_000);
  t.same(names(engine.advanceTo(60_000, 0)), ['kiosk-silent fired k1']);
});

t.test(
  'a device that is retired falls silent without an alert, also where no record said that it is gone',
  async (t) => {
    const gone = { ...ALL_THERE, isRetired: (id: string) => id === 'k1' };
    const engine = new RulesEngine([absence], NOBODY, ALL_THERE);
    engine.judge(message({ device: 'k1', offset: 1, receivedAtMs: 1_000, records: [reading({})] }), 0);
    const stored = JSON.parse(JSON.stringify(engine.takeChanged()));
    const after = new RulesEngine([absence], NOBODY, gone);
    after.load(stored);
    t.match(after.takeChanged(), [{ subject: { type: 'device', id: 'k1' }, states: {} }], 'its stored states go');
    after.judge(message({ device: 'k1', offset: 1, receivedAtMs: 1_000, records: [reading({})] }), 0);
    t.same(after.advanceTo(99_000, 0), []);
    t.match(after.takeChanged(), [{ subject: { type: 'device', id: 'k1' }, states: {} }]);
  },
);

t.test('a device that was never heard of is not silent; its first word begins the clock', async (t) => {
  const engine = new RulesEngine([absence], NOBODY, ALL_THERE);
  const of = { device: 'k1', offset: 1, receivedAtMs: 0 };
  engine.judge(message({ ...of, records: [], topic: 'internal/registered', uplink: 'internal' }), 0);
  const asked = message({ ...of, records: [report(false)], topic: 'internal/camera-watch', uplink: 'internal' });
  engine.judge(asked, 0);
  engine.judge(message({ ...of, records: [], topic: 'internal/start', uplink: 'internal' }), 0);
  const will = message({ ...of, records: [report(false)] });
  engine.judge({ ...will, message: { ...will.message, channel: 'state' } }, 0);
  t.same(engine.advanceTo(3_600_000, 0), []);
  const seen = { ...of, receivedAtMs: 3_600_000, records: [report(true)], topic: 'internal/camera-watch' };
  engine.judge(message({ ...seen, uplink: 'internal' }), 0);
  t.same(names(engine.advanceTo(3_630_000, 0)), ['kiosk-silent fired k1']);
});

t.test('what is refused or repeated is a sign of life; a replay and a will that cannot be read are none', async (t) => {
  const engine = new RulesEngine([absence], NOBODY, ALL_THERE);
  const at = (receivedAtMs: number, records = [reading({})]) =>
    message({ device: 'k1', offset: receivedAtMs, receivedAtMs, records });
  const refusals = [{ index: null, reason: 'not-json', path: '', value: '' }];
  engine.judge(at(0), 0);
  engine.judge({ ...at(20_000, []), refusals }, 0);
  engine.judge(at(40_000, [{ ...reading({}), duplicate: true }]), 0);
  t.same(engine.advanceTo(69_999, 0), []);
  const replay = at(69_999);
  engine.judge({ ...replay, message: { ...replay.message, uplink: 'replay' } }, 0);
  const will = at(69_999, []);
  engine.judge({ ...will, message: { ...will.message, channel: 'state' }, refusals }, 0);
  t.same(names(engine.advanceTo(70_000, 0)), ['kiosk-silent fired k1']);
  t.same(names(engine.judge({ ...at(80_000, []), refusals }, 0)), ['kiosk-silent cleared k1']);
});

t.test('each wanted plate of one vehicle is a finding of its own', async (t) => {
  const wanted = rule(`
rule: plate-wanted
version: 1
title: { en: Wanted, zh: 布控 }
severity: severe
class: incident
kinds: [checkpoint]
condition: { type: event, event: passage, watchlist: { field: plate } }
`);
  const list = ['MX7742', 'ZM127'];
  const hitOf = (plate: string) => ({ scope: plate, data: { watchlist: 'w' }, seenBy: null });
  const watch: Watch = { match: ({ plate }) => (list.includes(plate) ? [hitOf(plate)] : []) };
  const engine = new RulesEngine([wanted], watch, ALL_THERE);
  const passes = (plate: string, offset: number) =>
    engine.judge(message({ device: 'kk', kind: 'checkpoint', offset, receivedAtMs: 1, records: [passage(plate)] }), 0);
  const both = passes('粤ZJ068澳|MX7742|ZM127', 1);
  const masked = { watchlist: 'w', plate: '粤Z***8澳|MX***42|***' };
  t.match(both, [
    { scope: 'MX7742', data: { ...masked, wanted_plate: 'MX***42' } },
    { scope: 'ZM127', data: { ...masked, wanted_plate: '***' } },
  ]);
  t.match(both[1]?.plates, { plate: '粤ZJ068澳|MX7742|ZM127', wanted_plate: 'ZM127' });
  t.equal(new Set(both.map(({ id }) => id)).size, 2, 'none is stored in place of the other');
  t.match(passes('MX7742', 2), [{ scope: 'MX7742' }]);
  t.same(passes('浙B12345|浙B54321', 3), []);
});

t.test('a plate is masked in what any rule tells, also of a reading', (t) => {
  const engine = new RulesEngine([fire], NOBODY, ALL_THERE);
  const seen: Reading = { ...reading({ smoke: true, tag: '浙B12345', note: 'x' }), plates: ['tag', 'gone'] };
  const [finding] = engine.judge(message({ device: 'k1', offset: 1, receivedAtMs: 1, records: [seen] }), 0);
  t.same(finding?.data, { smoke: true, tag: '浙B***45', note: 'x' });
  t.same(finding?.plates, { tag: '浙B12345' });
  t.end();
});

t.test('stored states carry on where they stood; another version of the rule starts afresh', async (t) => {
  const before = new RulesEngine([absence, fire], NOBODY, ALL_THERE);
  const smoke = message({ device: 'k1', offset: 1, receivedAtMs: 1_000, records: [reading({ smoke: true })] });
  t.same(names(before.judge(smoke, 0)), ['kiosk-fire fired k1']);
  const stored = JSON.parse(JSON.stringify(before.takeChanged()));
  t.same(before.takeChanged(), []);
  const after = new RulesEngine([absence, { ...fire, version: 4 }], NOBODY, ALL_THERE);
  after.load(stored);
  const again = message({ device: 'k1', offset: 2, receivedAtMs: 2_000, records: [reading({ smoke: true }, 1)] });
  t.same(
    names(after.judge(again, 0)).filter((name) => name.includes('fire')),
    ['kiosk-fire fired k1'],
  );
  const same = new RulesEngine([fire], NOBODY, ALL_THERE);
  same.load(stored);
  const newer = message({ device: 'k1', offset: 2, receivedAtMs: 2_000, records: [reading({ smoke: true }, 5_000)] });
  t.same(names(same.judge(newer, 0)), []);
});

t.test(
  'time that passes until a start is no silence, though the last records are judged again before it',
  async (t) => {
    const engine = new RulesEngine([absence], NOBODY, ALL_THERE);
    const report = { device: 'k1', offset: 1, receivedAtMs: 1_000, records: [reading({})] };
    engine.judge(message(report), 0);
    const start = { device: 'gateway', offset: 2, receivedAtMs: 90_000, records: [], topic: 'internal/start' };
    t.same(engine.judge({ ...message({ ...start, uplink: 'internal' }) }, 0), []);
    t.same(names(engine.advanceTo(119_999, 0)), []);
    t.same(names(engine.advanceTo(120_000, 0)), ['kiosk-silent fired k1']);
  },
);

t.test('a device that reported until the gateway stopped is not silent when it starts again', async (t) => {
  const before = new RulesEngine([absence], NOBODY, ALL_THERE);
  const report = (atMs: number) => message({ device: 'k1', offset: atMs, receivedAtMs: atMs, records: [reading({})] });
  before.judge(report(1_000), 0);
  const stored = JSON.parse(JSON.stringify(before.takeChanged()));
  for (let atMs = 10_000; atMs < 100_000; atMs += 10_000) t.same(before.judge(report(atMs), 0), []);
  const after = new RulesEngine([absence], NOBODY, ALL_THERE);
  after.load(stored);
  t.same(after.advanceTo(100_000, 0), []);
  const start = { device: 'gateway', offset: 100_000, receivedAtMs: 100_000, records: [], topic: 'internal/start' };
  t.same(after.judge({ ...message({ ...start, uplink: 'internal' }) }, 0), []);
  t.same(names(after.advanceTo(129_999, 0)), []);
  t.same(names(after.advanceTo(130_000, 0)), ['kiosk-silent fired k1']);
});

t.test('a device that moved and fell silent is told to its new district, also after a start', async (t) => {
  const before = new RulesEngine([absence], NOBODY, ALL_THERE);
  const heard = (jurisdiction: string, atMs: number) =>
    message({ device: 'k1', offset: atMs, receivedAtMs: atMs, records: [reading({})], jurisdiction });
  before.judge(heard('330203', 1_000), 0);
  before.takeChanged();
  before.judge(heard('330212', 2_000), 0);
  const after = new RulesEngine([absence], NOBODY, ALL_THERE);
  after.load(JSON.parse(JSON.stringify(before.takeChanged())));
  const start = { device: 'gateway', offset: 9, receivedAtMs: 3_000, records: [], topic: 'internal/start' };
  after.judge(message({ ...start, uplink: 'internal' }), 0);
  t.match(after.advanceTo(60_000, 0), [{ subject: { id: 'k1' }, jurisdiction: '330212' }]);
});

t.test('the same record judged twice has the same finding id; another version of the rule another one', async (t) => {
  const smoke = message({ device: 'k1', offset: 7, receivedAtMs: 1_000, records: [reading({ smoke: true })] });
  const id = (version: number) =>
    new RulesEngine([{ ...fire, version }], NOBODY, ALL_THERE).judge(smoke, version)[0]?.id;
  t.equal(id(3), id(3));
  t.not(id(3), id(4));
});

t.test('duplicates raise nothing', async (t) => {
  const engine = new RulesEngine([fire], NOBODY, ALL_THERE);
  const record = { ...reading({ smoke: true }), duplicate: true };
  t.same(engine.judge(message({ device: 'k1', offset: 1, receivedAtMs: 1, records: [record] }), 0), []);
});

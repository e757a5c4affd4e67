import { CAP_1_2 } from '@dec112/cap-ts';
import fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import t, { type Test } from 'tap';
import { type CapVoice, capOf, capTest, capTime } from '../../../../src/alerts/cap/cap.ts';
import { type CapEntry, capPlan, lastMessage } from '../../../../src/alerts/cap/plan.ts';
import { CAP_DEFAULTS } from '../../../../src/alerts/sinks/cap/cap.ts';

const VOICE: CapVoice = { ...CAP_DEFAULTS, sender: 'citywatch.test' };

const ALERT = {
  id: '0c3b2a1e-0000-4000-8000-000000000001',
  rule: 'kiosk-fire@1',
  title: { en: 'Fire & smoke', zh: '起火 <烟>' },
  severity: 'extreme',
  condition: 'active',
  verdict: null,
  subject: { type: 'device', id: 'kiosk-1', name: '1号亭' },
  jurisdiction: '330203',
  location: { lat: 29.871234, lon: 121.551234 },
  firstAt: '2026-11-21T08:00:00.000Z',
  occurrences: 2,
  exercise: false,
  data: { plate: '浙B***45', wanted_plate: '浙B12345' },
};

const entry = (type: string, second: number): CapEntry => ({
  id: `entry-${second}`,
  type,
  at: new Date(Date.UTC(2026, 10, 21, 8, 0, second)).toISOString(),
});

const STORY = ['alert.opened', 'alert.acked', 'alert.updated', 'alert.evidence', 'alert.cleared', 'alert.updated'];

/** What CAP 1.2 (OASIS, 1 July 2010, §3.2 and §3.4) says of elements: order, whether one must be, what it holds. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d$/;
const NAME = /^[^\s,<&]+$/;
type Row = [name: string, least: 0 | 1, most: number, holds: RegExp];
const OF_ALERT: Row[] = [
  ['identifier', 1, 1, NAME],
  ['sender', 1, 1, NAME],
  ['sent', 1, 1, TIME],
  ['status', 1, 1, /^(Actual|Exercise|System|Test|Draft)$/],
  ['msgType', 1, 1, /^(Alert|Update|Cancel|Ack|Error)$/],
  ['source', 0, 1, /./],
  ['scope', 1, 1, /^(Public|Restricted|Private)$/],
  ['restriction', 0, 1, /./],
  ['addresses', 0, 1, /./],
  ['code', 0, 99, /./],
  ['note', 0, 1, /./],
  ['references', 0, 1, /^[^\s,]+,[^\s,]+,[^\s,]+( [^\s,]+,[^\s,]+,[^\s,]+)*$/],
  ['incidents', 0, 1, /./],
  ['info', 0, 99, /^$/],
];
const OF_INFO: Row[] = [
  ['language', 0, 1, /^[a-z]{2}(-[A-Z]{2})?$/],
  ['category', 1, 99, /^(Geo|Met|Safety|Security|Rescue|Fire|Health|Env|Transport|Infra|CBRNE|Other)$/],
  ['event', 1, 1, /./],
  ['responseType', 0, 9, /^(Shelter|Evacuate|Prepare|Execute|Avoid|Monitor|Assess|AllClear|None)$/],
  ['urgency', 1, 1, /^(Immediate|Expected|Future|Past|Unknown)$/],
  ['severity', 1, 1, /^(Extreme|Severe|Moderate|Minor|Unknown)$/],
  ['certainty', 1, 1, /^(Observed|Likely|Possible|Unlikely|Unknown)$/],
  ['audience', 0, 1, /./],
  ['eventCode', 0, 99, /^$/],
  ['effective', 0, 1, TIME],
  ['onset', 0, 1, TIME],
  ['expires', 0, 1, TIME],
  ['senderName', 0, 1, /./],
  ['headline', 0, 1, /./],
  ['description', 0, 1, /./],
  ['instruction', 0, 1, /./],
  ['web', 0, 1, /./],
  ['contact', 0, 1, /./],
  ['parameter', 0, 99, /^$/],
  ['resource', 0, 99, /^$/],
  ['area', 0, 99, /^$/],
];
const OF_AREA: Row[] = [
  ['areaDesc', 1, 1, /./],
  ['polygon', 0, 99, /^(-?\d+(\.\d+)?,-?\d+(\.\d+)? ){3,}-?\d+(\.\d+)?,-?\d+(\.\d+)?$/],
  ['circle', 0, 99, /^-?\d+(\.\d+)?,-?\d+(\.\d+)? \d+(\.\d+)?$/],
  ['geocode', 0, 99, /^$/],
  ['altitude', 0, 1, /./],
  ['ceiling', 0, 1, /./],
];
const OF_PAIR: Row[] = [
  ['valueName', 1, 1, /./],
  ['value', 1, 1, /./],
];
const TABLES: Record<string, Row[]> = {
  alert: OF_ALERT,
  info: OF_INFO,
  area: OF_AREA,
  eventCode: OF_PAIR,
  parameter: OF_PAIR,
  geocode: OF_PAIR,
};

type Node = { name: string; children: Node[]; text: string };
const parser = new XMLParser({ preserveOrder: true, ignoreAttributes: false, parseTagValue: false });

// biome-ignore lint/suspicious/noExplicitAny: as the parser gives it.
function nodesOf(list: any[]): Node[] {
  return list.flatMap((one) => {
    const name = Object.keys(one).find((key) => key !== ':@')!;
    if (name === '#text' || name === '?xml') return [];
    const inside = one[name] as Record<string, unknown>[];
    const text = inside.map((each) => each['#text'] ?? '').join('');
    return [{ name, children: nodesOf(inside), text: String(text) }];
  });
}

/** What a message does against the table. */
function faultsOf({ name, children, text }: Node): string[] {
  const table = TABLES[name];
  if (!table) return text.trim() === '' ? [`${name} is empty`] : [];
  const order = table.map(([child]) => child);
  const places = children.map((child) => order.indexOf(child.name));
  const faults = places.some((place, index) => place < (places[index - 1] ?? 0)) ? [`${name}: wrong order`] : [];
  for (const [child, least, most, holds] of table) {
    const found = children.filter((each) => each.name === child);
    if (found.length < least || found.length > most) faults.push(`${name}: ${found.length} of ${child}`);
    for (const { text: held } of found) if (!holds.test(held.trim())) faults.push(`${child}: ${held}`);
  }
  if (places.includes(-1)) faults.push(`${name}: an unknown child`);
  return [...faults, ...children.flatMap(faultsOf)];
}

function judged(t: Test, xml: string, what: string): Node {
  t.match(xml, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<alert xmlns="urn:oasis:names:tc:emergency:cap:1\.2">/);
  const [root] = nodesOf(parser.parse(xml));
  t.same(faultsOf(root!), [], what);
  return root!;
}

const textIn = ({ children }: Node, name: string) => children.find((one) => one.name === name)?.text;

t.test('a story is Alert, Update, Cancel and a new Alert, each naming those that count', async (t) => {
  const entries = STORY.map(entry);
  const plans = entries.map((_, index) => capPlan(entries.slice(0, index + 1)));
  t.same(
    plans.map((plan) => plan && [plan.msgType, ...plan.references.map(({ id }) => id)]),
    [['Alert'], null, ['Update', 'entry-0'], null, ['Cancel', 'entry-0', 'entry-2'], ['Alert']],
  );
  for (const [index, plan] of plans.entries()) {
    if (!plan) continue;
    const xml = capOf({ entry: entries[index]!, plan, alert: ALERT }, VOICE);
    const root = judged(t, xml, `${plan.msgType} by the table of the standard`);
    t.match(textIn(root, 'status'), 'Actual');
    t.match(textIn(root, 'scope'), 'Restricted');
    t.notMatch(xml, /浙B/, 'no plate');
    const read = await CAP_1_2.Alert.fromXML(xml);
    t.equal(String(read.identifier), entries[index]!.id, 'and read by cap-ts');
    t.equal(CAP_1_2._to_string_Alert_msgType(read.msgType), plan.msgType);
    t.equal(read.info_list?.length, 2);
  }
  const cancel = capOf({ entry: entries[4]!, plan: plans[4]!, alert: { ...ALERT, condition: 'cleared' } }, VOICE);
  t.match(textIn(judged(t, cancel, 'a Cancel'), 'references'), /^citywatch\.test,entry-0,2026-11-21T16:00:00\+08:00 /);
});

t.test('it says what it is in two languages, where, and how grave', async (t) => {
  const [first] = [entry('alert.opened', 0)];
  const plan = capPlan([first])!;
  const root = judged(t, capOf({ entry: first, plan, alert: ALERT }, { ...VOICE, radiusM: 750 }), 'an Alert');
  const infos = root.children.filter(({ name }) => name === 'info');
  const of = (name: string) => infos.map((info) => textIn(info, name));
  t.same(of('language'), ['zh-CN', 'en']);
  t.same(of('event'), ['起火 <烟>', 'Fire & smoke']);
  for (const info of infos) {
    t.equal(textIn(info, 'category'), 'Fire');
    t.same(
      [textIn(info, 'urgency'), textIn(info, 'severity'), textIn(info, 'certainty')],
      ['Immediate', 'Extreme', 'Observed'],
    );
    const area = info.children.find(({ name }) => name === 'area')!;
    t.equal(textIn(area, 'circle'), '29.8712,121.5512 0.75');
  }
  t.equal(capTime('2026-11-21T23:30:00.900Z'), '2026-11-22T07:30:00+08:00', 'an offset, never Z');
});

t.test(
  'what is about a district has its bounds, closed and with the latitude first; a device its circle',
  async (t) => {
    const first = entry('alert.opened', 0);
    const plan = capPlan([first])!;
    const bounds = [
      [121.5, 29.8],
      [121.6, 29.8],
      [121.60006, 29.9],
    ] as const;
    const areaOf = (given: object, drawn: typeof bounds | null) => {
      const xml = capOf({ entry: first, plan, alert: { ...ALERT, ...given }, bounds: drawn }, VOICE);
      const info = judged(t, xml, 'with an area').children.find(({ name }) => name === 'info')!;
      const area = info.children.find(({ name }) => name === 'area')!;
      return [textIn(area, 'polygon'), textIn(area, 'circle')];
    };
    const district = { location: null, subject: { type: 'district', id: '330203', name: '海曙区' } };
    t.same(areaOf(district, bounds), ['29.8,121.5 29.8,121.6 29.9,121.6001 29.8,121.5', undefined]);
    t.same(areaOf(district, null), [undefined, undefined]);
    t.same(areaOf({}, bounds), [undefined, '29.8712,121.5512 0.5']);
  },
);

t.test('its category is what happens, by the words of its rule; a fault is of infrastructure', async (t) => {
  const first = entry('alert.opened', 0);
  const plan = capPlan([first])!;
  const of = (given: object) => {
    const root = judged(t, capOf({ entry: first, plan, alert: { ...ALERT, ...given } }, VOICE), 'with a category');
    const infos = root.children.filter(({ name }) => name === 'info');
    return [...new Set(infos.map((info) => textIn(info, 'category')))].join();
  };
  const told = {
    Fire: ['kiosk-fire@1', 'site-smoke@3'],
    CBRNE: ['gas-dangerous@1', 'hazmat-stopped@1'],
    Security: ['plate-on-watchlist@1', 'sos-pressed@1', 'vehicle-sos@1', 'kiosk-door-forced@1'],
    Transport: ['vehicle-overspeed@1', 'checkpoint-wrong-way@1'],
    Env: ['dust-over-limit@1', 'pollution-over-limit@1', 'site-noise-at-night@2'],
    Met: ['water-critical@1', 'manhole-flooded@1', 'weather-warning-red@1', 'fog-dense@1', 'rain-heavy@1'],
    Geo: ['landslide@1'],
    Safety: ['repair-late@1', 'crane-overload@1', ''],
  };
  for (const [category, rules] of Object.entries(told)) for (const rule of rules) t.equal(of({ rule }), category, rule);
  t.equal(of({ rule: 'water-sensor-fault@1', class: 'fault' }), 'Infra');
  t.equal(of({ rule: 'ledger-difference@1', class: 'system' }), 'Infra');
});

t.test('who may read it is said by its scope, and by nothing else', async (t) => {
  const first = entry('alert.opened', 0);
  const plan = capPlan([first])!;
  const of = (voice: Partial<CapVoice>) => {
    const root = judged(t, capOf({ entry: first, plan, alert: ALERT }, { ...VOICE, ...voice }), 'for some');
    return [textIn(root, 'scope'), textIn(root, 'restriction'), textIn(root, 'addresses')];
  };
  t.same(of({}), ['Restricted', CAP_DEFAULTS.restriction, undefined]);
  t.same(of({ restriction: '公安 Police only' }), ['Restricted', '公安 Police only', undefined]);
  t.same(of({ scope: 'Private', addresses: ['81890', 'desk'] }), ['Private', undefined, '81890 desk']);
  t.same(of({ scope: 'Public', addresses: ['81890'] }), ['Public', undefined, undefined]);
});

t.test('a drill is an Exercise and a test is a Test', async (t) => {
  const first = entry('alert.opened', 0);
  const drill = { ...ALERT, exercise: true, data: { drill: 'rehearsal of the week' } };
  const root = judged(t, capOf({ entry: first, plan: capPlan([first])!, alert: drill }, VOICE), 'a drill');
  t.equal(textIn(root, 'status'), 'Exercise');
  t.match(textIn(root, 'note'), /演习 Exercise: rehearsal of the week/);
  const voice = { ...VOICE, scope: 'Private', addresses: ['81890', 'desk'] } as const;
  const test = judged(t, capTest({ id: 'test_1', at: first.at }, voice), 'a test');
  t.same(
    [textIn(test, 'status'), textIn(test, 'addresses'), textIn(test, 'restriction')],
    ['Test', '81890 desk', undefined],
  );
});

t.test('whatever an alert says, the message is whole XML by the table', async () => {
  const first = entry('alert.opened', 0);
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).map((value) => `x${value}`);
  const alert = fc.record({
    title: fc.record({ en: text, zh: text }),
    subject: fc.record({ type: text, id: text, name: text }),
    severity: fc.constantFrom('extreme', 'severe', 'moderate', 'minor', 'nonsense'),
    condition: fc.constantFrom('active', 'recovering', 'cleared', 'stale', 1),
    location: fc.option(fc.record({ lat: fc.double({ min: -90, max: 90, noNaN: true }), lon: fc.integer() })),
    exercise: fc.boolean(),
  });
  fc.assert(
    fc.property(alert, (given) => {
      const xml = capOf({ entry: first, plan: capPlan([first])!, alert: { ...ALERT, ...given } }, VOICE);
      const [root] = nodesOf(parser.parse(xml));
      return faultsOf(root!).length === 0;
    }),
    { numRuns: 200 },
  );
});

t.test('any order of entries: a Cancel ends what was told, and references name only what still counts', async () => {
  const types = fc.constantFrom(
    ...STORY,
    'alert.stale',
    'alert.left',
    'alert.arrived',
    'alert.closed',
    'alert.receipt',
  );
  fc.assert(
    fc.property(fc.array(types, { maxLength: 40 }), (names) => {
      const entries = names.map(entry);
      const valid = new Set<string>();
      for (let count = 1; count <= entries.length; count += 1) {
        const plan = capPlan(entries.slice(0, count));
        if (!plan) continue;
        if (plan.references.some(({ id }) => !valid.has(id)) || plan.references.length !== valid.size) return false;
        if ((plan.msgType === 'Alert') !== (valid.size === 0)) return false;
        if (plan.msgType === 'Cancel') valid.clear();
        else valid.add(entries[count - 1]!.id);
      }
      const last = lastMessage(entries);
      return last === null || entries.includes(last.entry);
    }),
  );
});

import fc from 'fast-check';
import t from 'tap';
import { RulesEngine } from '../../../../../src/alerts/rules/engine.ts';
import { type Finding, findingId } from '../../../../../src/alerts/rules/findings.ts';
import { parseRule, type Rule } from '../../../../../src/alerts/rules/rules.ts';
import type { DecodedMessage, DecodedRecord } from '../../../../../src/core/types.ts';
import { WITH_GATHERING } from '../../../../fixtures/conditions/with-gathering.ts';
import { ALL_THERE, kindCatalogue, message, passage, reading, report } from '../../../../support/alerts/alerts.ts';
import { SAMPLES } from '../../../../support/alerts/conditions/condition-samples.ts';

const WANTED = '浙B12345';
const OTHER = '浙B54321';
const hit = { scope: WANTED, data: { watchlist: 'w' }, seenBy: null };
const watch = { match: ({ plate }: { plate: string }) => (plate === WANTED ? [hit] : []) };

function parse(type: string, condition = SAMPLES[type]!.condition) {
  const { kind } = SAMPLES[type]!;
  const head =
    `rule: ${type}-rule\nversion: 1\ntitle: { en: A, zh: 甲 }\nseverity: minor\n` + `class: incident\nkinds: [${kind}]`;
  return parseRule(`${head}\ncondition: ${condition}\n`, kindCatalogue, { conditions: WITH_GATHERING });
}

function ruleOf(type: string): Rule {
  const parsed = parse(type);
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  return parsed.rule;
}

const newEngine = (rule: Rule) => new RulesEngine([rule], watch, ALL_THERE);

interface Said {
  device: string;
  gapMs: number;
  temp: number;
  smoke: boolean;
  plate: string;
}

const said: fc.Arbitrary<Said> = fc.record({
  device: fc.constantFrom('k1', 'k2', 'k3'),
  gapMs: fc.integer({ min: 0, max: 40_000 }),
  temp: fc.constantFrom(20, 50, 80),
  smoke: fc.boolean(),
  plate: fc.constantFrom(WANTED, OTHER),
});
const story = fc.array(said, { minLength: 1, maxLength: 40 });

/** The messages of a story for the kind of a rule; times and offsets rise. */
function messagesOf(rule: Rule, steps: Said[]): DecodedMessage[] {
  let receivedAtMs = 1_000_000;
  return steps.map(({ device, gapMs, temp, smoke, plate }, index) => {
    receivedAtMs += gapMs;
    const isKiosk = rule.kinds[0] === 'recycling-kiosk';
    const said = isKiosk
      ? reading({ temp_c: temp, fill_pct: 30, smoke, lit: temp === 50, plate }, receivedAtMs)
      : passage(plate, receivedAtMs);
    const record: DecodedRecord = { ...said, plates: ['plate'] };
    return message({ device, kind: rule.kinds[0]!, offset: index + 1, receivedAtMs, records: [record] });
  });
}

const END_MS = 1_000_000_000;
/** Clocks that run out in the same moment do so in any order. */
const told = (findings: Finding[]) =>
  findings.map(({ decidedAtMs: _, ...finding }) => finding).sort((a, b) => (a.id < b.id ? -1 : 1));

/** Judges everything and lets every clock run out. */
function run(rule: Rule, messages: DecodedMessage[]) {
  const engine = newEngine(rule);
  const findings = messages.flatMap((one) => engine.judge(one, 0));
  findings.push(...engine.advanceTo(END_MS, 0));
  return told(findings);
}

function holds(name: string, property: (rule: Rule, messages: DecodedMessage[], steps: Said[]) => void): void {
  for (const { type } of WITH_GATHERING) {
    t.test(`${type}: ${name}`, async () => {
      const rule = ruleOf(type);
      fc.assert(
        fc.property(story, (steps) => property(rule, messagesOf(rule, steps), steps)),
        { numRuns: 100 },
      );
    });
  }
}

function same(got: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

t.test('every condition of the list has a sample here, which fires unless the gateway itself says so', async (t) => {
  t.same(WITH_GATHERING.map(({ type }) => type).sort(), Object.keys(SAMPLES).sort());
  const cold: Said = { device: 'k1', gapMs: 1_000, temp: 20, smoke: false, plate: WANTED };
  const hot: Said = { ...cold, temp: 80, smoke: true };
  for (const condition of WITH_GATHERING) {
    const rule = ruleOf(condition.type);
    const gaps = SAMPLES[condition.type]!.gapsMs?.map((gapMs) => ({ ...hot, gapMs }));
    const findings = run(rule, messagesOf(rule, gaps ?? [cold, hot, { ...hot, device: 'k2' }]));
    const fires = findings.some(({ transition }) => transition === 'fired');
    t.equal(fires, condition.hears === 'devices', condition.type);
  }
});

t.test(
  'what does not fit a kind is refused by its name, and in every condition that names anything of it',
  async (t) => {
    for (const [type, { misfits }] of Object.entries(SAMPLES)) {
      t.ok(misfits.length > 0, type);
      for (const [condition, named] of misfits) {
        const parsed = parse(type, condition);
        const issues = 'issues' in parsed ? parsed.issues : [];
        t.match(issues.map(({ path, message }) => `${path}: ${message}`).join('; '), named, condition);
      }
    }
  },
);

t.test('where a subject begins is JSON, and says which condition it is of', async (t) => {
  for (const { type, by, condition } of WITH_GATHERING.map(({ type }) => ({ type, ...ruleOf(type) }))) {
    const initial = by.initial(condition);
    t.same(JSON.parse(JSON.stringify(initial)), initial);
    t.ok(initial === null || initial.type === type);
  }
});

holds('judged twice, the same is decided under the same ids', (rule, messages) => {
  same(run(rule, messages), run(rule, messages), 'the second time');
});

holds('no plate stands whole in what is shown or remembered', (rule, messages) => {
  const engine = newEngine(rule);
  const findings = messages.flatMap((one) => engine.judge(one, 0));
  const states = engine.takeChanged();
  findings.push(...engine.advanceTo(END_MS, 0));
  const text = JSON.stringify([findings.map(({ data }) => data), states, engine.takeChanged()]);
  for (const plate of [WANTED, OTHER]) same(text.includes(plate), false, `${plate} in ${text}`);
});

holds('no state is changed in place', (rule, messages) => {
  const engine = newEngine(rule);
  for (const one of messages) {
    engine.judge(one, 0);
    // A second engine on the very same objects must go on from them, whatever the first does afterwards.
    const states = engine.takeChanged();
    const before = JSON.stringify(states);
    const other = newEngine(rule);
    other.load(states);
    const later = { ...one.message, receivedAtMs: one.message.receivedAtMs + 1_000 };
    other.judge({ ...one, message: later }, 0);
    same(JSON.stringify(states) === before, true, before);
    // What was handed out to be stored stays so, also where only the time of what was judged last moves.
    engine.judge(
      { ...one, message: later, records: one.records.map((record) => ({ ...record, atMs: later.receivedAtMs })) },
      0,
    );
    same(JSON.stringify(states) === before, true, `after it was handed out: ${before}`);
  }
});

holds('it finds no subject in what it says it does not look at', (rule, messages) => {
  const { by, condition } = rule;
  const looked = new Set(by.looksAt?.(condition) ?? ['message', 'reading', 'event', 'state']);
  for (const { message, records } of messages) {
    const about = { message, sign: 'alive' as const, watch, devices: ALL_THERE };
    for (const record of [null, ...records, report(true, message.receivedAtMs)]) {
      if (looked.has(record?.type ?? 'message')) continue;
      same(by.subject(condition, { ...about, record }), null, `${record?.type ?? 'the message'}`);
    }
  }
});

/** The clock of silence does not run from where it was stored: the start record begins it anew, in both. */
function start(offset: number, receivedAtMs: number): DecodedMessage {
  const record = { device: 'gateway', offset, receivedAtMs, records: [], topic: 'internal/start' };
  return message({ ...record, uplink: 'internal' });
}

holds('after a restart from what was saved it goes on the same', (rule, messages) => {
  const half = Math.floor(messages.length / 2);
  const whole = newEngine(rule);
  const first = newEngine(rule);
  const saved = new Map<string, string>();
  for (const one of messages.slice(0, half)) {
    same(told(first.judge(one, 0)), told(whole.judge(one, 0)), 'before the restart');
    for (const state of first.takeChanged()) saved.set(state.subject.id, JSON.stringify(state));
  }
  const second = newEngine(rule);
  second.load([...saved.values()].map((text) => JSON.parse(text)));
  const last = messages[half - 1]?.message;
  const rest = [start(1_000, last?.receivedAtMs ?? 0), ...messages.slice(half)];
  for (const one of rest) same(told(second.judge(one, 0)), told(whole.judge(one, 0)), 'after the restart');
  same(told(second.advanceTo(END_MS, 0)), told(whole.advanceTo(END_MS, 0)), 'at the end');
});

holds('catching up decides what was decided live', (rule, messages) => {
  const live = newEngine(rule);
  const findings = messages.flatMap((one) => {
    // At the head of the journal time passes by the wall, second by second.
    const { receivedAtMs } = one.message;
    const ticks = [0.3, 0.6, 0.9].map((part) => receivedAtMs - 40_000 + part * 40_000);
    return [...ticks.flatMap((atMs) => live.advanceTo(atMs, 0)), ...live.judge(one, 0)];
  });
  findings.push(...live.advanceTo(END_MS, 0));
  same(told(findings), run(rule, messages), 'live');
});

holds('an older reading than the last one judged decides nothing', (rule, messages) => {
  const engine = newEngine(rule);
  for (const one of messages) engine.judge(one, 0);
  // An event is over when it is told: an old one is news.
  if (rule.by.initial(rule.condition) === null) return;
  const { device, receivedAtMs } = messages.at(-1)!.message;
  const old = messages.map((one) => ({
    ...one,
    message: { ...one.message, device, receivedAtMs, lane: 'bulk' as const },
  }));
  const stale = old.map((one) => ({
    ...one,
    records: one.records.map((record) => ({ ...record, atMs: 1, receivedAtMs: 1 })),
  }));
  // Of conditions that look at receipts, a backfill is older when it was received earlier.
  const early = stale.map((one) => ({ ...one, message: { ...one.message, receivedAtMs: 1 } }));
  for (const one of early) same(told(engine.judge(one, 0)), [], 'an older one');
});

holds('a clock fires once', (rule, messages) => {
  const engine = newEngine(rule);
  for (const one of messages) engine.judge(one, 0);
  const ids = engine.advanceTo(END_MS, 0).map(({ id }) => id);
  same(new Set(ids).size, ids.length, 'ids');
  same(engine.advanceTo(END_MS * 2, 0), [], 'once more');
});

t.test(
  'what was stored before other subjects existed reads the same: a device is written by its id alone',
  async (t) => {
    const position = { lane: 'live' as const, offset: 7 };
    const rule = { rule: 'kiosk-fire', version: 3 };
    // Computed by the version before, whose subject was the id.
    t.equal(findingId(rule, { type: 'device', id: 'k1' }, position, 0), '82000f87cf6b8aed4f169bca666e0adf');
  },
);

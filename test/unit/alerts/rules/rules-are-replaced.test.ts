import t from 'tap';
import { RulesEngine, type SubjectStates } from '../../../../src/alerts/rules/engine.ts';
import type { Finding } from '../../../../src/alerts/rules/findings.ts';
import { parseRule, type Rule } from '../../../../src/alerts/rules/rules.ts';
import { ALL_THERE, kindCatalogue, message, reading } from '../../../support/alerts/alerts.ts';

function rule(name: string, version: number, condition: string): Rule {
  const head = `rule: ${name}\nversion: ${version}\ntitle: { en: A, zh: 甲 }\nseverity: minor\nclass: incident\n`;
  const parsed = parseRule(`${head}kinds: [recycling-kiosk]\ncondition: ${condition}\n`, kindCatalogue);
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  return parsed.rule;
}

const silent = (version = 1) => rule('silent', version, '{ type: absence, silent_for_s: 30 }');
const fire = (version = 1) => rule('fire', version, '{ type: threshold, any: [{ field: smoke, equals: true }] }');
const full = (version = 1) =>
  rule('full', version, '{ type: threshold, any: [{ field: fill_pct, above: 90 }], hold_s: 60 }');

const told = (findings: Finding[]) =>
  findings.map(({ rule, ruleVersion, transition }) => `${rule}@${ruleVersion} ${transition}`);
const statesOf = (changed: SubjectStates[]) =>
  changed.map(({ subject, states }) => [subject.id, Object.keys(states).sort()]);

/** An engine that has heard of one kiosk which burns and is full since a second. */
function burning(rules: Rule[]) {
  const engine = new RulesEngine(rules, { match: () => [] }, ALL_THERE);
  let offset = 0;
  const say = (receivedAtMs: number, smoke: boolean) => {
    offset += 1;
    const records = [reading({ smoke, fill_pct: 95 }, receivedAtMs)];
    return told(engine.judge(message({ device: 'k1', offset, receivedAtMs, records }), 0));
  };
  t.strictSame(say(1_000, true), ['fire@1 fired']);
  engine.takeChanged();
  return { engine, say };
}

t.test('a rule that did not change keeps what it knows and its clocks', async (t) => {
  const { engine, say } = burning([silent(), fire(), full()]);
  engine.replace([full(), silent(), fire()]);
  t.strictSame(engine.takeChanged(), [], 'nothing to store');
  t.strictSame(say(2_000, true), [], 'the fire is known');
  t.strictSame(told(engine.advanceTo(32_000, 0)), ['silent@1 fired']);
  t.strictSame(told(engine.advanceTo(61_000, 0)), ['full@1 fired'], 'it has been full since before');
  t.strictSame(say(62_000, false), ['silent@1 cleared', 'fire@1 cleared']);
});

t.test('a rule of another version begins anew; the others go on', async (t) => {
  const { engine, say } = burning([silent(), fire(), full()]);
  engine.replace([silent(2), fire(2), full()]);
  t.strictSame(statesOf(engine.takeChanged()), [['k1', ['full']]]);
  t.strictSame(told(engine.advanceTo(50_000, 0)), [], 'nobody was heard under the new version of silence');
  t.strictSame(say(50_000, true), ['fire@2 fired']);
  t.strictSame(told(engine.advanceTo(80_000, 0)), ['full@1 fired', 'silent@2 fired']);
  t.match(engine.takeChanged(), [{ states: { full: { version: 1 }, fire: { version: 2 }, silent: { version: 2 } } }]);
});

t.test('a rule that is gone says nothing more, and nothing of it is stored', async (t) => {
  const { engine, say } = burning([silent(), fire(), full()]);
  engine.replace([fire()]);
  t.strictSame(statesOf(engine.takeChanged()), [['k1', ['fire']]]);
  t.strictSame(told(engine.advanceTo(1_000_000, 0)), []);
  t.strictSame(say(1_000_000, false), ['fire@1 cleared']);
  engine.replace([]);
  t.strictSame(statesOf(engine.takeChanged()), [['k1', []]], 'the whole subject');
  t.strictSame(say(1_000_001, true), []);
});

t.test('a rule that is new judges from the next message on', async (t) => {
  const { engine, say } = burning([fire()]);
  engine.replace([fire(), silent()]);
  t.strictSame(told(engine.advanceTo(1_000_000, 0)), [], 'it has heard of nobody yet');
  t.strictSame(say(1_000_000, true), []);
  t.strictSame(told(engine.advanceTo(1_030_000, 0)), ['silent@1 fired']);
});

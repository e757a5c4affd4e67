import fc from 'fast-check';
import t from 'tap';
import type { Watch } from '../../../../src/alerts/rules/conditions/condition.ts';
import { type DevicesPort, RulesEngine } from '../../../../src/alerts/rules/engine.ts';
import type { Finding } from '../../../../src/alerts/rules/findings.ts';
import { parseRule, type Rule } from '../../../../src/alerts/rules/rules.ts';
import { INTERNAL_RECORDS } from '../../../../src/core/internal-records.ts';
import type { DecodedRecord } from '../../../../src/core/types.ts';
import { ALL_THERE, kindCatalogue, message, passage, reading } from '../../../support/alerts/alerts.ts';

const CITY: DevicesPort = { ...ALL_THERE, agesOf: () => ({ silenceS: 100, unendedS: 1_000 }) };
const THERE = '330212';
const FIRE = '{ type: threshold, any: [{ field: smoke, equals: true }] }';

function ruleOf(condition: string, kind = 'recycling-kiosk'): Rule {
  const head = 'rule: r\nversion: 1\ntitle: { en: A, zh: 甲 }\nseverity: minor\nclass: incident\n';
  const parsed = parseRule(`${head}kinds: [${kind}]\ncondition: ${condition}\n`, kindCatalogue);
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  return parsed.rule;
}

const shown = (found: Finding[]) =>
  found.map(({ transition, receivedAtMs, data }) => {
    return `${transition} at ${receivedAtMs / 1000}${transition === 'stale' ? ` ${data.reason}` : ''}`;
  });

function open(rule: Rule, watch: Watch = { match: () => [] }) {
  const engine = new RulesEngine([rule], watch, CITY);
  let offset = 0;
  const judge = (atS: number, records: DecodedRecord[], { topic, at }: { topic?: string; at?: string } = {}) => {
    offset += 1;
    const head = { device: 'k', kind: rule.kinds[0]!, offset, receivedAtMs: atS * 1000, records };
    const heard = message(topic ? { ...head, topic, uplink: 'internal' } : head);
    const device = { ...heard.message.device, ...(at !== undefined && { jurisdiction: at }) };
    return shown(engine.judge({ ...heard, message: { ...heard.message, device } }, 0));
  };
  const move = (atS: number, isSmoke: boolean, at?: string) =>
    judge(atS, [reading({ smoke: isSmoke }, atS * 1000)], at === undefined ? {} : { at });
  const smoke = (atS: number, isSmoke: boolean) => move(atS, isSmoke);
  return { engine, judge, smoke, move, wait: (toS: number) => shown(engine.advanceTo(toS * 1000, 0)) };
}

t.test('what was raised and is not heard of any more becomes stale, never cleared', async (t) => {
  const { smoke, judge, wait } = open(ruleOf(FIRE));
  t.strictSame(smoke(10, true), ['fired at 10']);
  t.strictSame(smoke(60, true), []);
  t.strictSame(judge(120, [reading({ temp_c: 20 }, 120_000)]), [], 'which says nothing of the smoke');
  t.strictSame(wait(1_000), ['stale at 160 input-lost'], 'a time after it was said last');
  t.strictSame(wait(10_000), [], 'once');
});

t.test('when it is heard again, it goes on or is over as the device says', async (t) => {
  const { smoke, wait } = open(ruleOf(FIRE));
  smoke(10, true);
  wait(500);
  t.strictSame(smoke(600, true), ['fired at 600'], 'it lasts');
  t.strictSame(wait(1_000), ['stale at 700 input-lost']);
  t.strictSame(smoke(1_100, false), ['cleared at 1100']);
  t.strictSame(wait(5_000), []);
});

t.test('what lasts is told once more where its device is now, also after a start', async (t) => {
  const { engine, smoke, judge, move } = open(ruleOf(FIRE));
  smoke(10, true);
  t.strictSame(judge(20, [reading({ temp_c: 20 }, 20_000)], { at: THERE }), [], 'which says nothing of the smoke');
  t.strictSame(move(30, true, THERE), ['fired at 30'], 'it burns there too');
  t.strictSame(move(40, true, THERE), [], 'once');
  const next = open(ruleOf(FIRE));
  next.engine.load(JSON.parse(JSON.stringify(engine.takeChanged())));
  t.strictSame(next.move(50, true, THERE), [], 'where it was told is stored');
  t.strictSame(next.move(60, true, '330203'), ['fired at 60']);
  t.strictSame(next.move(70, false, THERE), ['cleared at 70'], 'an end is an end wherever it is told');
});

t.test('what never clears becomes stale after a longer time; a wanted vehicle never does', async (t) => {
  const event = '{ type: event, event: passage }';
  const { judge, wait } = open(ruleOf(event, 'checkpoint'));
  const pass = (atS: number) => judge(atS, [passage('浙B12345', atS * 1000)]);
  t.strictSame(pass(10), ['fired at 10']);
  t.strictSame(pass(500), ['fired at 500']);
  t.strictSame(wait(10_000), ['stale at 1500 never-ended']);
  const wanted = ruleOf('{ type: event, event: passage, watchlist: { field: plate } }', 'checkpoint');
  const other = open(wanted, { match: ({ plate }) => [{ scope: plate, data: {}, seenBy: null }] });
  t.strictSame(other.judge(10, [passage('浙B12345', 10_000)]), ['fired at 10']);
  t.strictSame(other.wait(1_000_000), []);
});

t.test('a start of the gateway gives what never ends no further time; a clock that was set does', async (t) => {
  const rule = ruleOf('{ type: event, event: passage }', 'checkpoint');
  const begun = (topic: string) => {
    const first = open(rule);
    first.judge(10, [passage('浙B12345', 10_000)]);
    const next = open(rule);
    next.engine.load(JSON.parse(JSON.stringify(first.engine.takeChanged())));
    t.strictSame(next.judge(600, [], { topic }), []);
    return next.wait(10_000);
  };
  t.strictSame(begun(INTERNAL_RECORDS.start.topic), ['stale at 1010 never-ended']);
  t.strictSame(begun(INTERNAL_RECORDS.clock.topic), ['stale at 1600 never-ended']);
});

t.test('what is pending is not raised, and silence itself is no lost input', async (t) => {
  const pending = open(ruleOf('{ type: threshold, any: [{ field: smoke, equals: true }], hold_s: 500 }'));
  pending.smoke(10, true);
  t.strictSame(pending.wait(10_000), ['fired at 510', 'stale at 610 input-lost']);
  const silent = open(ruleOf('{ type: absence, silent_for_s: 30 }'));
  silent.judge(10, [reading({ temp_c: 1 }, 10_000)]);
  t.strictSame(silent.wait(10_000), ['fired at 40']);
});

t.test('after a start of the gateway it has its whole time again, and is stored until then', async (t) => {
  const rule = ruleOf(FIRE);
  const first = open(rule);
  first.smoke(10, true);
  const stored = JSON.parse(JSON.stringify(first.engine.takeChanged()));
  const second = open(rule);
  second.engine.load(stored);
  t.strictSame(second.judge(90, [], { topic: INTERNAL_RECORDS.start.topic }), []);
  t.strictSame(second.wait(10_000), ['stale at 190 input-lost']);
  const third = open(rule);
  third.engine.load(JSON.parse(JSON.stringify(second.engine.takeChanged())));
  t.strictSame(third.wait(20_000), [], 'that it is stale is stored too');
  t.strictSame(third.smoke(20_001, true), ['fired at 20001']);
});

t.test('what is already true when a device is heard first is an alert', async (t) => {
  t.strictSame(open(ruleOf(FIRE)).smoke(1, true), ['fired at 1']);
});

t.test(
  'whatever is said and heard, alerts go from active to stale or cleared and never twice the same way',
  async () => {
    const step = fc.record({ gapS: fc.integer({ min: 0, max: 150 }), smoke: fc.option(fc.boolean()) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { judge, smoke, wait } = open(ruleOf(FIRE));
        let atS = 1;
        const told: string[] = [];
        for (const { gapS, smoke: is } of steps) {
          atS += gapS;
          told.push(...(is === null ? judge(atS, [reading({ temp_c: 1 }, atS * 1000)]) : smoke(atS, is)));
        }
        told.push(...wait(atS + 1_000));
        const ways = told.map((one) => one.split(' ')[0]!);
        const allowed: Record<string, string[]> = {
          '': ['fired'],
          fired: ['cleared', 'stale'],
          stale: ['fired', 'cleared'],
          cleared: ['fired'],
        };
        return ways.every((way, index) => allowed[ways[index - 1] ?? '']!.includes(way)) && ways.at(-1) !== 'fired';
      }),
      { numRuns: 300 },
    );
  },
);

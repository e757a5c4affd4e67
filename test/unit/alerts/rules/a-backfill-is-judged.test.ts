import t from 'tap';
import { RulesEngine, type Watch } from '../../../../src/alerts/rules/engine.ts';
import { parseRule, type Rule } from '../../../../src/alerts/rules/rules.ts';
import type { DecodedMessage } from '../../../../src/core/types.ts';
import { ALL_THERE, kindCatalogue, message, reading } from '../../../support/alerts/alerts.ts';

const NOBODY: Watch = { match: () => [] };

function rule(name: string, condition: string): Rule {
  const head =
    `rule: ${name}\nversion: 1\ntitle: { en: A, zh: 甲 }\nseverity: moderate\n` +
    `class: incident\nkinds: [recycling-kiosk]`;
  const parsed = parseRule(`${head}\ncondition: ${condition}\n`, kindCatalogue);
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  return parsed.rule;
}

const silent = rule('silent', '{ type: absence, silent_for_s: 30 }');
const full = rule('full', '{ type: threshold, any: [{ field: fill_pct, above: 90 }] }');

function fromBulk(decoded: DecodedMessage): DecodedMessage {
  return { ...decoded, message: { ...decoded.message, lane: 'bulk' } };
}

const filled = (fill: number, atMs: number, offset: number) =>
  message({ device: 'k1', offset, receivedAtMs: 10_000, records: [reading({ fill_pct: fill }, atMs)] });

t.test('a reading that is news raises a finding whose id names the bulk lane', async (t) => {
  const engine = new RulesEngine([full], NOBODY, ALL_THERE);
  t.match(engine.judge(fromBulk(filled(95, 1_000, 7)), 0), [
    { transition: 'fired', position: { lane: 'bulk', offset: 7 } },
  ]);
  const live = new RulesEngine([full], NOBODY, ALL_THERE);
  t.not(live.judge(filled(95, 1_000, 7), 0)[0]?.id, engine.judge(fromBulk(filled(95, 2_000, 7)), 0)[0]?.id ?? '');
});

t.test('a reading older than the last one judged changes nothing', async (t) => {
  const engine = new RulesEngine([full], NOBODY, ALL_THERE);
  engine.judge(filled(10, 5_000, 1), 0);
  t.same(engine.judge(fromBulk(filled(95, 4_000, 1)), 0), []);
  t.match(engine.judge(filled(95, 6_000, 2), 0), [{ transition: 'fired' }]);
});

t.test('it moves no clock: neither lets others fall silent, nor is it a sign of life', async (t) => {
  const engine = new RulesEngine([silent], NOBODY, ALL_THERE);
  engine.judge(message({ device: 'k1', offset: 1, receivedAtMs: 1_000, records: [reading({})] }), 0);
  const late = message({ device: 'k2', offset: 1, receivedAtMs: 900_000, records: [reading({})] });
  t.same(engine.judge(fromBulk(late), 0), []);
  const own = message({ device: 'k1', offset: 2, receivedAtMs: 20_000, records: [reading({})] });
  engine.judge(fromBulk(own), 0);
  t.match(engine.advanceTo(31_000, 0), [{ subject: { id: 'k1' }, transition: 'fired' }]);
});

import t from 'tap';
import { type DevicesPort, RulesEngine } from '../../../../src/alerts/rules/engine.ts';
import type { Labels } from '../../../../src/alerts/rules/reach.ts';
import { parseRule, type Rule } from '../../../../src/alerts/rules/rules.ts';
import { ALL_THERE, kindCatalogue, message, reading } from '../../../support/alerts/alerts.ts';

const head = 'rule: r\nversion: 1\ntitle: { en: A, zh: 甲 }\nseverity: minor\nclass: fault\nkinds: [recycling-kiosk]\n';
const FULL = 'condition: { type: threshold, any: [{ field: fill_pct, above: 90, clear_below: 70 }] }\n';
const read = (keys: string) => parseRule(`${head}${keys}${FULL}`, kindCatalogue);

function ruleOf(keys: string): Rule {
  const parsed = read(keys);
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  return parsed.rule;
}

/** A city in which labels can be changed. */
function cityOf(keys: string, labels: Record<string, Labels> = {}) {
  const devices: DevicesPort = { ...ALL_THERE, labelsOf: (id) => labels[id] };
  const engine = new RulesEngine([ruleOf(keys)], { match: () => [] }, devices);
  let atMs = 1_000;
  const say = (device: string, fill_pct: number, jurisdiction = '330203') => {
    atMs += 1_000;
    const records = [reading({ fill_pct }, atMs)];
    const found = engine.judge(message({ device, jurisdiction, offset: atMs, receivedAtMs: atMs, records }), 0);
    return found.map(({ transition, subject, data }) => `${subject.id} ${transition} ${data.reason ?? ''}`.trim());
  };
  return { say, labels, engine };
}

const SCHOOL: Labels = { owner: '城管局', tags: ['school'] };

t.test('a rule looks only at devices with its tags, of its owners, in its areas', async (t) => {
  const { say } = cityOf('tags: [school, park]\nowners: [城管局]\nareas: ["330203", "330212"]\n', {
    a: SCHOOL,
    b: { owner: '环保局', tags: ['school'] },
    c: { owner: '城管局', tags: [] },
    d: SCHOOL,
  });
  t.strictSame(say('a', 95), ['a fired']);
  t.strictSame(say('b', 95), [], 'of another department');
  t.strictSame(say('c', 95), [], 'without the tag');
  t.strictSame(say('d', 95, '330205'), [], 'elsewhere');
  t.strictSame(say('d', 96, '330212004'), ['d fired'], 'a township of an area lies in it');
  t.strictSame(say('nobody', 95), [], 'of which nothing is written');
});

t.test(
  'a device that a rule looks at no more leaves what it raised as stale, and begins anew when it is back',
  async (t) => {
    const { say, labels, engine } = cityOf('tags: [school]\n', { a: SCHOOL });
    t.strictSame(say('a', 95), ['a fired']);
    delete labels.a;
    t.strictSame(say('a', 95), ['a stale out-of-reach']);
    t.strictSame(say('a', 95), [], 'it is told once');
    engine.takeChanged();
    labels.a = SCHOOL;
    t.strictSame(say('a', 95), ['a fired']);
    t.strictSame(say('a', 10), ['a cleared']);
    delete labels.a;
    t.strictSame(say('a', 95), [], 'nothing was raised');
  },
);

t.test('limits are other ones for a device, an area or a tag; the first that fits counts', async (t) => {
  const keys = `overrides:
  - { devices: [a], with: { any: [{ field: fill_pct, above: 50 }] } }
  - { areas: ["330212"], with: { any: [{ field: fill_pct, above: 98 }] } }
  - { tags: [school], with: { hold_s: 10 } }
`;
  const { say, engine } = cityOf(keys, { s: SCHOOL });
  t.strictSame(say('a', 60, '330212'), ['a fired'], 'its own, also in that area');
  t.strictSame(say('b', 95, '330212'), []);
  t.strictSame(say('b', 99, '330212'), ['b fired']);
  t.strictSame(say('c', 95), ['c fired'], 'those of the rule');
  t.strictSame(say('s', 95), [], 'it holds first');
  t.match(engine.advanceTo(60_000, 0), [{ subject: { id: 's' }, transition: 'fired', receivedAtMs: 16_000 }]);
});

t.test('an override is read as strictly as the rule, and says for whom it is', async (t) => {
  const wrong = (keys: string) => {
    const parsed = read(`overrides:\n${keys}`);
    return 'issues' in parsed ? parsed.issues.map(({ path, message }) => `${path}: ${message}`).join('; ') : '';
  };
  t.match(wrong('  - { devices: [a], with: { hold: 5 } }\n'), /:8 overrides\.0\.with.*"hold"/);
  t.match(
    wrong('  - { devices: [a], with: { any: [{ field: fil, above: 5 }] } }\n'),
    /overrides\.0\.with\.any\.0\.field/,
  );
  t.match(wrong('  - { devices: [a], with: { any: [{ field: fill_pct, above: 500 }] } }\n'), /outside the range/);
  t.match(wrong('  - { with: { hold_s: 5 } }\n'), /name devices, kinds, tags, areas or owners/);
  t.match(wrong('  - { areas: [Ningbo], with: { hold_s: 5 } }\n'), /no code of a division or zone/);
  t.match(wrong('  - { devices: [a], with: { type: absence } }\n'), /^$/, 'the type stays that of the rule');
});

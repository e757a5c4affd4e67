import fc from 'fast-check';
import t from 'tap';
import { type KeptRule, overlay } from '../../../../src/alerts/rules/kept/kept.ts';
import { type ParsedRule, parseRule, type Rule } from '../../../../src/alerts/rules/rules.ts';
import { kindCatalogue } from '../../../support/alerts/alerts.ts';

const text = (rule: string, version: number, field = 'fill_pct') => `rule: ${rule}
version: ${version}
title: { en: Full, zh: 已满 }
severity: minor
class: incident
kinds: [recycling-kiosk]
condition: { type: threshold, any: [{ field: ${field}, above: 90 }] }
`;
const parse = (yaml: string): ParsedRule => parseRule(yaml, kindCatalogue);
const ruleOf = (rule: string, version: number): Rule => (parse(text(rule, version)) as { rule: Rule }).rule;
const NAMES = ['full', 'hot', 'open'];

t.test('of each name the higher version counts, wherever it comes from', async () => {
  const versions = fc.record(Object.fromEntries(NAMES.map((name) => [name, fc.integer({ min: 0, max: 4 })])));
  const ends = fc.record(Object.fromEntries(NAMES.map((name) => [name, fc.boolean()])));
  fc.assert(
    fc.property(versions, versions, ends, (ofFiles, ofApi, isEnd) => {
      const files = NAMES.filter((name) => ofFiles[name]! > 0).map((name) => ruleOf(name, ofFiles[name]!));
      const kept: KeptRule[] = NAMES.filter((name) => ofApi[name]! > 0).map((rule) => {
        const version = ofApi[rule]!;
        return { rule, version, text: isEnd[rule] ? null : text(rule, version) };
      });
      const { rules, issues } = overlay({ files, inForce: [] }, kept, parse);
      const now = new Map(rules.map(({ rule, version }) => [rule, version]));
      return (
        issues.length === 0 &&
        rules.length === now.size &&
        NAMES.every((name) => {
          const [file, api] = [ofFiles[name]!, ofApi[name]!];
          const expected = api > file ? (isEnd[name] ? 0 : api) : file;
          return (now.get(name) ?? 0) === expected;
        })
      );
    }),
  );
});

t.test('a text that is not right any more leaves the rule of the file, and says so', async (t) => {
  const kept = [{ rule: 'full', version: 3, text: text('full', 3, 'gone_field') }];
  const { rules, issues } = overlay({ files: [ruleOf('full', 1)], inForce: [] }, kept, parse);
  t.match(rules, [{ rule: 'full', version: 1 }]);
  t.equal(issues.length, 1);
  t.match(issues[0]?.path, /^full@3:7 condition/);
});

t.test('a rule that is in force stays so when its text is not right any more', async (t) => {
  const kept = [{ rule: 'full', version: 3, text: text('full', 3, 'gone_field') }];
  const { rules, issues } = overlay({ files: [ruleOf('full', 1)], inForce: [ruleOf('full', 3)] }, kept, parse);
  t.match(rules, [{ rule: 'full', version: 3 }]);
  t.equal(issues.length, 1);
});

t.test('a version that PostgreSQL cannot hold is refused by its line', async (t) => {
  t.match(parse(text('full', 3_000_000_000)), { issues: [{ path: ':2 version' }] });
});

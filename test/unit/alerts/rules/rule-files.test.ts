import t from 'tap';
import { parseRule } from '../../../../src/alerts/rules/rules.ts';
import { kindCatalogue } from '../../../support/alerts/alerts.ts';

const GOOD = `rule: kiosk-full
version: 1
title: { en: Full, zh: 已满 }
severity: minor
class: incident
kinds: [recycling-kiosk]
condition:
  type: threshold
  any:
    - { field: fill_pct, above: 90, clear_below: 70 }
`;

function refusal(text: string): string {
  const result = parseRule(text, kindCatalogue);
  return 'issues' in result ? result.issues.map(({ path, message }) => `${path} ${message}`).join('; ') : 'accepted';
}

t.test('a good rule is taken', async (t) => {
  t.equal(refusal(GOOD), 'accepted');
});

const BAD: [string, string, string, RegExp][] = [
  ['an unknown kind', 'recycling-kiosk]', 'fridge]', /:6 .*there is no kind "fridge"/],
  ['an unknown field', 'field: fill_pct', 'field: filling', /:10 .*no field "filling"/],
  ['an unknown key', 'severity: minor', 'severity: minor\nowner: me', /owner/],
  ['a severity that is none', 'severity: minor', 'severity: huge', /:4 severity/],
  ['a limit outside the range', 'above: 90', 'above: 900', /900 is outside the range 0 to 100/],
  ['a clear level beyond the limit', 'clear_below: 70', 'clear_below: 95', /95 lies beyond the limit 90/],
  ['a boolean compared by size', 'field: fill_pct', 'field: smoke', /only numbers can be above or below/],
  ['YAML that is none', 'version: 1', 'version: [1', /:\d+/],
];

for (const [what, from, to, expected] of BAD) {
  t.test(`${what} is refused with its line`, async (t) => {
    t.match(refusal(GOOD.replace(from, to)), expected);
  });
}

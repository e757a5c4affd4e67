import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { CONDITIONS } from '../../src/alerts/rules/conditions/conditions.ts';
import { parseRule, ruleKeys } from '../../src/alerts/rules/rules.ts';
import { Kinds } from '../../src/devices/kinds/kinds.ts';
import { KINDS_DIRECTORY } from '../support/devices/registry.ts';

const page = await readFile(join(import.meta.dirname, '../../docs/rules.md'), 'utf8');
const kinds = await Kinds.load(KINDS_DIRECTORY);

/** Kinds that the example of a condition fits. */
const KINDS: Record<string, string> = {
  threshold: 'recycling-kiosk',
  rate: 'water-level',
  event: 'checkpoint',
  count: 'pump',
  change: 'signal-controller',
  absence: 'recycling-kiosk',
  geofence: 'vehicle',
  together: 'weather-station, water-level',
  'share-of-readings': 'pollution-logger',
  'share-of-devices': 'wifi-ap',
  differs: 'sign',
  unchanged: 'pollution-logger',
  volume: 'checkpoint',
  gateway: 'gateway',
};

/** The text below a heading, up to the next. */
function section(heading: string): string {
  return page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
}

const keysIn = (text: string): string[] => [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, key]) => key!).sort();
const examplesIn = (text: string): string[] =>
  [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, yaml]) => yaml!);

t.test('docs/rules.md has every key of a rule file, and no other', async (t) => {
  t.strictSame(keysIn(section('Keys')), [...Object.keys(ruleKeys.shape), 'condition'].sort());
  for (const { type, schema } of CONDITIONS) {
    t.strictSame(keysIn(section(type)), Object.keys(schema.shape).sort(), type);
  }
});

t.test('each example of docs/rules.md is a right rule', async (t) => {
  const [hours] = examplesIn(section('Hours'));
  const withHours = parseRule(examplesIn(section('Keys'))[0]! + hours!, kinds);
  t.match(withHours, { rule: { schedule: [{ days: 'workdays' }, {}] } });
  const [whole] = examplesIn(section('Keys'));
  t.ok('rule' in parseRule(whole!, kinds));
  const levels =
    'rule: a\nversion: 1\ntitle: { en: A, zh: 甲 }\nseverity: minor\nclass: fault\nkinds: [water-level]\n' +
    'condition: { type: threshold, any: [{ field: level_m, above: 3 }] }\n';
  const [which] = examplesIn(section('Which devices'));
  t.match(parseRule(levels + which!, kinds), { rule: { tags: ['school'], variants: [{}, {}] } });
  for (const { type } of CONDITIONS) {
    const [condition] = examplesIn(section(type));
    const title = '{ en: A, zh: 甲 }';
    const head = `rule: a\nversion: 1\ntitle: ${title}\nseverity: minor\nclass: incident\nkinds: [${KINDS[type]}]\n`;
    t.match(parseRule(head + condition, kinds), { rule: { condition: { type } } }, type);
  }
});

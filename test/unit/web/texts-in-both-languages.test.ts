import t from 'tap';
import { CONDITIONS } from '../../../src/alerts/rules/conditions/conditions.ts';
import { ADMIN_ALERT_TEXTS } from '../../../web/src/texts/admin/alerts.ts';
import { ADMIN_TEXTS } from '../../../web/src/texts/admin/common.ts';
import { ADMIN_MACHINE_TEXTS } from '../../../web/src/texts/admin/machine.ts';
import { ADMIN_PEOPLE_TEXTS } from '../../../web/src/texts/admin/people.ts';
import { ADMIN_RECORD_TEXTS } from '../../../web/src/texts/admin/records.ts';
import { ADMIN_RULE_TEXTS } from '../../../web/src/texts/admin/rules.ts';
import { ALERTS_TEXTS } from '../../../web/src/texts/alerts.ts';
import { CAMERAS_TEXTS } from '../../../web/src/texts/cameras.ts';
import { CASE_TEXTS } from '../../../web/src/texts/case.ts';
import { COMMON_TEXTS } from '../../../web/src/texts/common.ts';
import { DEVICE_ADDING_TEXTS } from '../../../web/src/texts/device-adding.ts';
import { DEVICE_DEED_TEXTS } from '../../../web/src/texts/device-deeds.ts';
import { DEVICE_TEXTS } from '../../../web/src/texts/devices.ts';
import { DISPLAY_TEXTS } from '../../../web/src/texts/display.ts';
import { FIELD_TEXTS } from '../../../web/src/texts/fields.ts';
import { MAP_TEXTS } from '../../../web/src/texts/map.ts';
import { ORDER_TEXTS } from '../../../web/src/texts/orders.ts';
import { SCAN_TEXTS } from '../../../web/src/texts/scan.ts';
import { VIDEO_TEXTS } from '../../../web/src/texts/video.ts';
import { EVENT_TEXTS } from '../../../web/src/texts/work/events.ts';
import { FIGURE_TEXTS } from '../../../web/src/texts/work/figures.ts';
import { FORM_TEXTS } from '../../../web/src/texts/work/forms.ts';
import { PASSAGE_TEXTS } from '../../../web/src/texts/work/passages.ts';
import { PLATE_TEXTS } from '../../../web/src/texts/work/plates.ts';
import { SHIFT_TEXTS } from '../../../web/src/texts/work/shift.ts';
import { VEHICLE_TEXTS } from '../../../web/src/texts/work/vehicles.ts';
import { WATCHLIST_TEXTS } from '../../../web/src/texts/work/watchlists.ts';
import { WORKLIST_TEXTS } from '../../../web/src/texts/worklist.ts';

const TABLES: Record<string, readonly [string, string]>[] = [
  ADMIN_ALERT_TEXTS,
  ADMIN_TEXTS,
  ADMIN_MACHINE_TEXTS,
  ADMIN_PEOPLE_TEXTS,
  ADMIN_RECORD_TEXTS,
  ADMIN_RULE_TEXTS,
  ALERTS_TEXTS,
  CAMERAS_TEXTS,
  CASE_TEXTS,
  COMMON_TEXTS,
  DEVICE_ADDING_TEXTS,
  DEVICE_DEED_TEXTS,
  DEVICE_TEXTS,
  DISPLAY_TEXTS,
  EVENT_TEXTS,
  FIELD_TEXTS,
  FIGURE_TEXTS,
  FORM_TEXTS,
  MAP_TEXTS,
  ORDER_TEXTS,
  SCAN_TEXTS,
  SHIFT_TEXTS,
  PASSAGE_TEXTS,
  PLATE_TEXTS,
  VEHICLE_TEXTS,
  VIDEO_TEXTS,
  WATCHLIST_TEXTS,
  WORKLIST_TEXTS,
];

t.test('every text is there in both languages, with the same things to fill in, once', async (t) => {
  const seen = new Set<string>();
  const holes = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort();
  for (const [key, [en, zh]] of TABLES.flatMap((table) => Object.entries(table))) {
    t.notOk(seen.has(key), `${key} stands once`);
    seen.add(key);
    if (en.trim() === '' || zh.trim() === '') t.fail(`${key} lacks a language`);
    if (key !== 'app.name' && key !== 'language.other' && /[\u4e00-\u9fff]/.test(en)) t.fail(`${key}: ${en}`);
    t.same(holes(zh), holes(en), key);
  }
});

t.test('English tells one from several, and Chinese need not', async (t) => {
  const words = /\{(\w+):([^|}]+)\|([^}]+)\}/g;
  for (const [key, [en, zh]] of TABLES.flatMap((table) => Object.entries(table))) {
    t.notOk(/\{\w+:/.test(zh), key);
    for (const [, name] of en.matchAll(words)) t.ok(en.includes(`{${name}}`), `${key} says how many`);
    t.notOk(/\{\w+:/.test(en.replaceAll(words, '')), `${key} has two words`);
  }
});

t.test('what a rule looks at has words, whichever condition it has', async (t) => {
  const known = Object.keys(ADMIN_RULE_TEXTS).filter((key) => key.startsWith('asks.'));
  t.same(known.sort(), CONDITIONS.map(({ type }) => `asks.${type}`).sort());
});

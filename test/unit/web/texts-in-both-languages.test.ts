import t from 'tap';
import { ALERTS_TEXTS } from '../../../web/src/texts/alerts.ts';
import { CAMERAS_TEXTS } from '../../../web/src/texts/cameras.ts';
import { CASE_TEXTS } from '../../../web/src/texts/case.ts';
import { COMMON_TEXTS } from '../../../web/src/texts/common.ts';
import { FIELD_TEXTS } from '../../../web/src/texts/fields.ts';
import { WORKLIST_TEXTS } from '../../../web/src/texts/worklist.ts';

const TABLES: Record<string, readonly [string, string]>[] = [
  ALERTS_TEXTS,
  CAMERAS_TEXTS,
  CASE_TEXTS,
  COMMON_TEXTS,
  FIELD_TEXTS,
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

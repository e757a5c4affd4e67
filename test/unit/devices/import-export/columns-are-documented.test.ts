import { readFileSync } from 'node:fs';
import t from 'tap';
import { COLUMNS, columnTitled } from '../../../../src/devices/import-export/columns.ts';

const PAGE = readFileSync(new URL('../../../../docs/spreadsheets.md', import.meta.url), 'utf8');

t.test('the page for people lists every column with its titles, and no other', async (t) => {
  const rows = [...PAGE.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]*)\|$/gm)];
  t.strictSame(
    rows.map(([, name, titles, notes]) => [name, titles, notes?.trim()]),
    COLUMNS.map(({ name, titles, type, isSecret, isOnlyForNew, isSeen }) => {
      const notes = [type.isExact && 'text', isSecret && 'not exported', isOnlyForNew && 'for a new device'];
      notes.push(isSeen && 'seen, not said');
      return [name, titles.join('、'), notes.filter(Boolean).join(', ')];
    }),
  );
});

t.test('a title means one column, however it is written', async (t) => {
  for (const column of COLUMNS) {
    for (const title of [column.name, ...column.titles]) {
      for (const written of [title, ` ${title.toUpperCase()} `, `${title}（必填）`, `${title}(°)`, `*${title}`]) {
        t.equal(columnTitled(written), column, written);
      }
    }
  }
  for (const nothing of ['', '序号', '备注', 'constructor', '__proto__', '（必填）'])
    t.equal(columnTitled(nothing), undefined);
});

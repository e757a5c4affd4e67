import t from 'tap';
import { type SettingRow, settingsTable } from '../../../src/app/config/settings.ts';
import { read } from '../../support/source-tree.ts';

const HEAD = '| key | variable | default | right values | meaning |';

function toLine(row: SettingRow): string {
  const range = row.unit ? `${row.range} (${row.unit})` : row.range;
  const variables = row.variable.replace(/\w+/g, '`$&`');
  return `| \`${row.key}\` | ${variables} | ${row.default} | ${range} | ${row.meaning} |`;
}

t.test('docs/settings.md has exactly the settings of the schema', async (t) => {
  const [, table = ''] = read('docs/settings.md').split(`${HEAD}\n|---|---|---|---|---|\n`);
  const lines = table.split('\n').filter((line) => line.startsWith('|'));
  t.same(lines, settingsTable().map(toLine));
});

t.test('every variable of the outside contract is a setting', async (t) => {
  const variables = settingsTable().flatMap(({ variable }) => variable.split(', '));
  t.equal(new Set(variables).size, variables.length, 'no variable twice');
  for (const name of ['CITYWATCH_DATA_DIR', 'DATABASE_URL', 'REDIS_URL_FILE', 'CITYWATCH_ADMIN_TOKEN_FILE']) {
    t.ok(variables.includes(name), name);
  }
});

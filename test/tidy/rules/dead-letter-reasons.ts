import { readFile } from 'node:fs/promises';
import t from 'tap';
import { REFUSALS } from '../../../src/ingest/decode/refusals.ts';

t.test('docs/dead-letters.md lists exactly the reasons there are, with their texts', async (t) => {
  const text = await readFile(new URL('../../../docs/dead-letters.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z0-9-]+)` \| (.+) \|$/gm)].map(([, reason, meaning]) => [reason, meaning]);
  t.same(rows, Object.entries(REFUSALS));
});

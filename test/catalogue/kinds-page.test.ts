import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { parseKindFile } from '../../src/devices/kinds/kind-extends.ts';
import { readKindFolder } from '../../src/devices/kinds/kind-folder.ts';
import { toDeviceKind } from '../../src/devices/kinds/kind-spec.ts';
import { decodeMessage } from '../support/decode.ts';
import { storedMessage } from '../support/kiosk-kind.ts';
import { KINDS_DIRECTORY } from '../support/registry.ts';

const page = await readFile(join(import.meta.dirname, '../../docs/kinds.md'), 'utf8');

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(([, text]) => text!);
}

t.test('the example of docs/kinds.md makes of its payload what the page says', async (t) => {
  const { sources, issues } = await readKindFolder(KINDS_DIRECTORY);
  t.strictSame(issues, []);
  const [yaml] = blocks('yaml');
  const [payload, expected] = blocks('json');
  const parsed = parseKindFile('acme-kiosk.yaml', yaml!, sources);
  if ('issues' in parsed) return t.strictSame(parsed.issues, []);
  const kind = toDeviceKind(parsed.kind);
  const { records, refusals } = decodeMessage(storedMessage(payload!, { receivedAtMs: 1_763_750_010_000 }), kind);
  t.strictSame(refusals, []);
  const [record] = records;
  t.match(record, { type: 'reading', id: 'r-17', atMs: 1_763_750_000_000, clock: 'device', tag: 'bin' });
  t.strictSame(record?.type === 'reading' && Object.fromEntries(record.values), JSON.parse(expected!));
});

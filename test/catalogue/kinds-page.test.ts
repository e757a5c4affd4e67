import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parseKindFile } from '../../src/devices/kinds/kind-extends.ts';
import { readKindFolder } from '../../src/devices/kinds/kind-folder.ts';
import { toDeviceKind } from '../../src/devices/kinds/kind-spec.ts';
import { NOTHING_MADE_BEFORE } from '../../src/platform/files/made-before.ts';
import { KINDS_DIRECTORY } from '../support/devices/registry.ts';
import { decodeMessage } from '../support/ingest/decode.ts';
import { storedMessage } from '../support/ingest/kiosk-kind.ts';

const page = await readFile(join(import.meta.dirname, '../../docs/kinds.md'), 'utf8');

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(([, text]) => text!);
}

/** What the file of an example makes of a payload, with the bases of the folder. */
async function decode(t: Test, yaml: string, payload: string | Buffer, receivedAtMs: number) {
  const { sources, issues } = await readKindFolder(KINDS_DIRECTORY, NOTHING_MADE_BEFORE);
  t.strictSame(issues, []);
  const parsed = parseKindFile(`${/^kind: (.+)$/m.exec(yaml)?.[1]}.yaml`, yaml, sources);
  if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
  const { records, refusals } = decodeMessage(storedMessage(payload, { receivedAtMs }), toDeviceKind(parsed.kind));
  t.strictSame(refusals, []);
  const [record] = records;
  return { record, values: record?.type === 'reading' && Object.fromEntries(record.values) };
}

t.test('the example of docs/kinds.md makes of its payload what the page says', async (t) => {
  const [payload, expected] = blocks('json');
  const { record, values } = await decode(t, blocks('yaml')[0]!, payload!, 1_763_750_010_000);
  t.match(record, { type: 'reading', id: 'r-17', atMs: 1_763_750_000_000, clock: 'device', tag: 'bin' });
  t.strictSame(values, JSON.parse(expected!));
});

t.test('and so does that of a device which writes CBOR', async (t) => {
  const bytes = Buffer.from(blocks('hex')[0]!.replace(/#.*$|\s/gm, ''), 'hex');
  t.match(page, `makes of these ${bytes.length} bytes`);
  const { record, values } = await decode(t, blocks('yaml')[1]!, bytes, 1_763_775_090_000);
  t.match(record, { type: 'reading', atMs: 1_763_775_088_000, clock: 'device' });
  t.strictSame(values, JSON.parse(blocks('json')[2]!));
});

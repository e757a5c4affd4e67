import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { writePart } from '../../../../src/streams/exports/bundle-files.ts';
import { foldersOf } from '../../../../src/streams/exports/export-plan.ts';
import { chained, chainOf, manifestForm } from '../../../../src/streams/exports/manifest.ts';

async function* piecesOf(texts: readonly string[]): AsyncGenerator<string> {
  yield* texts;
}

t.test('a part is written as it comes, and its hashes are those of its bytes', async (t) => {
  const folder = t.testdir();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { maxLength: 8 }), async (texts) => {
      const whole = Buffer.from(texts.join(''));
      for (const data of [whole, piecesOf(texts)]) {
        count += 1;
        const path = `alert/${count}.json`;
        const written = await writePart(folder, { path, data }, 1_000);
        if (whole.length === 0 || whole.length > 1_000) return written === null;
        const sha256 = createHash('sha256')
          .update(readFileSync(join(folder, path)))
          .digest('hex');
        if (written?.bytes !== whole.length || written.sha256 !== sha256) return false;
        if (!readFileSync(join(folder, path)).equals(whole)) return false;
      }
      return true;
    }),
    { numRuns: 20 },
  );
});

t.test('of one that is too large, or fails in its middle, nothing counts', async (t) => {
  const folder = t.testdir();
  t.equal(await writePart(folder, { path: 'alert/log.json', data: piecesOf(['12345', '67890']) }, 9), null);
  t.same(readdirSync(join(folder, 'alert')), []);
  async function* failing(): AsyncGenerator<string> {
    yield 'half';
    throw new Error('the database is away');
  }
  await t.rejects(writePart(folder, { path: 'alert/alert.json', data: failing() }, 100), /database is away/);
});

t.test('the manifest of a bundle is read as one, with every link of its chain', (t) => {
  const id = '00000000-0000-4000-8000-000000000001';
  const file = { what: 'log', camera: null, startsAt: AT, endsAt: AT, ageMs: null, source: 'gateway', bytes: 3 };
  const hashes = { sha256: 'ab'.repeat(32), sm3: 'cd'.repeat(32) };
  const files = chained(id, [
    { path: 'alert/log.json', ...file, ...hashes },
    { path: 'alert/alert.json', ...file, ...hashes },
  ]);
  t.equal(files[1]!.chain, chainOf(chainOf(id, files[0]!), files[1]!));
  const who = { type: 'token', id: 'a', name: 'a', at: AT };
  const common = { v: 1, id, madeAt: AT, from: AT, to: AT, cameras: [], purpose: 'x', case: null, askedBy: who };
  const manifest = { ...common, approvedBy: null, key: '0123456789abcdef', files, holes: [] };
  const alert = { id, jurisdiction: '330203', plates: 'masked' };
  const read = manifestForm.parse({ citywatch: 'alert-bundle', ...manifest, alert });
  t.match(read, { citywatch: 'alert-bundle', alert });
  t.throws(() => manifestForm.parse({ citywatch: 'recording-export', ...manifest }), 'of recordings it is none');
  const outside = [{ ...files[0]!, path: '../log.json' }];
  t.throws(() => manifestForm.parse({ citywatch: 'alert-bundle', ...manifest, alert, files: outside }));
  t.end();
});

const AT = '2026-11-30T08:00:00.000Z';

t.test('each camera has a folder of its own, which no file of the archive and no other camera has', (t) => {
  t.strictSame(foldersOf(['cam-1', 'South.Gate_2']), ['cam-1', 'South.Gate_2']);
  t.strictSame(foldersOf(['SHA256SUMS', 'manifest.json', 'public-key.pem']), ['camera-1', 'camera-2', 'camera-3']);
  t.strictSame(foldersOf(['camera-2', 'x'.repeat(64)]), ['camera-1', 'camera-2']);
  t.strictSame(foldersOf(['Cam', 'cam', 'dock']), ['camera-1', 'camera-2', 'dock']);
  t.end();
});

import { createHash, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { PlateBlock, PlateIndex, type StoredEntry } from '../../../../src/alerts/watchlists/matching/plate-index.ts';
import { PLATE_COLOURS } from '../../../../src/alerts/watchlists/tables.ts';

const hashOf = (plate: string): string => createHash('sha256').update(plate).digest('hex');
const entryOf = (plate: string, over: Partial<StoredEntry> = {}): StoredEntry => {
  return { id: randomUUID(), hash: hashOf(plate), colour: null, reason: 'theft', validUntilMs: null, ...over };
};
const noRest = async (): Promise<void> => {};

t.test('property: what is found is what was listed, each list with its own', async () => {
  const entry = fc.record({
    plate: fc.integer({ min: 0, max: 40 }).map(String),
    colour: fc.constantFrom(null, ...PLATE_COLOURS),
    reason: fc.constantFrom('theft', 'hit-and-run'),
    validUntilMs: fc.constantFrom(null, 1, 1_800_000_000_000),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(entry, { maxLength: 30 }), { maxLength: 6 }), async (lists) => {
      const stored = lists.map((list) => list.map(({ plate, ...over }) => entryOf(plate, over)));
      const blocks = stored.map((entries, number) => new PlateBlock(`list-${number}`, entries));
      const index = await PlateIndex.over(blocks, noRest);
      for (let plate = 0; plate <= 41; plate += 1) {
        const hash = hashOf(String(plate));
        const listed = stored.flatMap((entries, number) =>
          entries.filter((one) => one.hash === hash).map(({ hash: _, ...one }) => ({ ...one, list: `list-${number}` })),
        );
        const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1);
        const found = index.find(hash).sort(byId);
        if (JSON.stringify(sorted(found)) !== JSON.stringify(sorted(listed.sort(byId)))) throw new Error(`${plate}`);
      }
    }),
    { numRuns: 200 },
  );
});

t.test('a plate takes few bytes, and a look as many steps among many as among few', async (t) => {
  const COUNT = 100_000;
  const entries = Array.from({ length: COUNT }, (_, n) => entryOf(`p${n}`));
  const blocks = [new PlateBlock('a', entries.slice(0, 10)), new PlateBlock('b', entries.slice(10))];
  let rests = 0;
  const index = await PlateIndex.over(blocks, async () => {
    rests += 1;
  });
  t.equal(index.length, COUNT);
  t.ok(rests > 0, 'other work goes on while it is built');
  t.ok(index.bytes / COUNT < 60, `${(index.bytes / COUNT).toFixed(1)} bytes`);
  for (const n of [0, 9, 10, 11, COUNT - 1]) t.match(index.find(hashOf(`p${n}`)), [{ id: entries[n]!.id }]);
  t.same(index.find(hashOf('x')), []);
  t.same(PlateIndex.EMPTY.find(hashOf('x')), []);
});

function sorted(entries: readonly object[]): unknown[] {
  return entries.map((entry) => Object.entries(entry).sort(([one], [other]) => (one < other ? -1 : 1)));
}

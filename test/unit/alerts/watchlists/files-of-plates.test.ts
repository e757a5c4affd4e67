import t from 'tap';
import { type EntryLines, readEntries } from '../../../../src/alerts/watchlists/entry-file.ts';

async function* pieces(...texts: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

const BYTES_MAX = 1_000_000;

async function read(bytes: AsyncIterable<Buffer>, linesMax = 100): Promise<EntryLines[]> {
  const all: EntryLines[] = [];
  for await (const some of readEntries(bytes, { linesMax, bytesMax: BYTES_MAX })) all.push(some);
  return all;
}

t.test('a file is read in pieces, wherever they are cut', async (t) => {
  const text =
    '\ufeffplate,reason,colour,validUntil\n浙B12345,theft,blue,2099-01-01T00:00:00Z\n浙B·54321,"hit, and run",,\n';
  const bytes = Buffer.from(text);
  const cut = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  const [whole] = await read(pieces(...cut));
  t.same(whole, {
    entries: [
      { line: 2, plate: '浙B12345', reason: 'theft', colour: 'blue', validUntilMs: Date.UTC(2099, 0, 1) },
      { line: 3, plate: '浙B·54321', reason: 'hit, and run', colour: null, validUntilMs: null },
    ],
    faults: [],
    lines: 2,
  });
  const rows = Array.from({ length: 25 }, (_, n) => `浙B${10_000 + n},theft`).join('\n');
  t.same(
    (await read(pieces(`plate,reason\n${rows}`), 10)).map(({ lines }) => lines),
    [10, 10, 5],
  );
});

t.test('a line that cannot be used is named, and says nothing of its plate', async (t) => {
  const [{ faults, entries } = { faults: [], entries: [] }] = await read(
    pieces('plate,reason,colour\n浙B12345,,\n,theft,\n浙B12345,theft,pink\n浙B54321,theft,blue\n'),
  );
  t.match(faults, [
    { line: 2, message: /^reason: / },
    { line: 3, message: /^plate: / },
    { line: 4, message: /^colour: / },
  ]);
  t.notMatch(JSON.stringify(faults), /12345/);
  t.equal(entries.length, 1);
});

t.test('what is no such file is refused, and one without an end as well', async (t) => {
  const bad = { code: 'request.invalid' };
  for (const text of ['', 'plate\n浙B12345', 'reason\nx', 'plate,reason,phone\na,b,c', 'plate,reason\n"open,theft\n']) {
    await t.rejects(read(pieces(text)), bad, JSON.stringify(text));
  }
  await t.rejects(read(pieces(Buffer.from([0xff, 0xfe, 0x70]))), bad, 'another encoding');
  await t.rejects(read(pieces('plate,reason\n', 'x'.repeat(5_000))), bad, 'a line without an end');
  let given = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    yield Buffer.from('plate,reason\n');
    const many = Buffer.from('浙B12345,theft\n'.repeat(5_000));
    for (; ; given += many.length) yield many;
  }
  const taking = async () => {
    for await (const some of readEntries(endless(), { linesMax: 1_000, bytesMax: BYTES_MAX })) some.entries.length = 0;
  };
  await t.rejects(taking(), { code: 'request.too-large' });
  t.ok(given <= 2 * BYTES_MAX, 'it is not read on');
});

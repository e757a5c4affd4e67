import { copyFile, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { kioskMessage, openJournal, readAll, temporaryDirectory } from '../../support/ingest/journal.ts';

/** From the third message on too large for 16 bits: two messages are of version 1, the third is of version 2. */
const placeOf = (index: number): number => index * 50_000;

async function journalOf(directory: string, messages: number): Promise<{ name: string; ends: number[] }> {
  const journal = await openJournal({ directory });
  const ends: number[] = [];
  for (let index = 0; index < messages; index += 1) {
    ends.push((await journal.append(kioskMessage({ packetId: placeOf(index) }))).endOffset);
  }
  await journal.close();
  const name = (await readdir(directory)).find((file) => file.endsWith('.seg'))!;
  return { name, ends };
}

for (const version of [1, 2]) {
  /** Index of the last message. */
  const last = version;
  const good = Array.from({ length: last }, (_, index) => placeOf(index));

  t.test(`a file that ends anywhere within its last record, of version ${version}, opens without it`, async (t) => {
    const source = await temporaryDirectory(t);
    const { name, ends } = await journalOf(source, last + 1);
    const size = (await readFile(join(source, name))).length;
    const before = ends[last - 1]!;
    for (let missing = 1; missing <= ends[last]! - before; missing += 1) {
      const directory = await temporaryDirectory(t);
      await copyFile(join(source, name), join(directory, name));
      await truncate(join(directory, name), size - missing);
      const journal = await openJournal({ directory });
      t.equal(journal.head, before, `${missing} bytes missing`);
      const next = await journal.append(kioskMessage({ packetId: 99 }));
      t.equal(next.offset, before);
      t.same(
        (await readAll(journal)).map((message) => message.packetId),
        [...good, 99],
      );
      await journal.close();
    }
  });

  t.test(`a last record of version ${version} with any byte wrong is cut off`, async (t) => {
    const source = await temporaryDirectory(t);
    const { name, ends } = await journalOf(source, last + 1);
    const bytes = await readFile(join(source, name));
    t.equal(bytes[64 + ends[last - 1]! + 8], version);
    for (let at = 64 + ends[last - 1]!; at < bytes.length; at += 1) {
      const directory = await temporaryDirectory(t);
      const broken = Buffer.from(bytes);
      broken[at] = broken[at]! ^ 0x41;
      await writeFile(join(directory, name), broken);
      const journal = await openJournal({ directory });
      t.equal(journal.head, ends[last - 1]!, `byte ${at}`);
      await journal.close();
      t.equal((await readFile(join(directory, name))).length, 64 + ends[last - 1]!);
    }
  });
}

t.test('zeros that a power cut left behind the last record are cut off', async (t) => {
  const directory = await temporaryDirectory(t);
  const { name, ends } = await journalOf(directory, 2);
  const bytes = await readFile(join(directory, name));
  await writeFile(join(directory, name), Buffer.concat([bytes, Buffer.alloc(10_000)]));
  const journal = await openJournal({ directory });
  t.equal(journal.head, ends[1]);
  await journal.close();
});

t.test('a newest file that did not get its whole header is taken away', async (t) => {
  const directory = await temporaryDirectory(t);
  const { ends } = await journalOf(directory, 2);
  await writeFile(join(directory, `${String(ends[1]).padStart(16, '0')}.seg`), Buffer.alloc(20));
  const journal = await openJournal({ directory });
  t.equal(journal.head, ends[1]);
  t.equal((await journal.append(kioskMessage())).offset, ends[1]);
  await journal.close();
});

t.test('damage with good records behind it costs only what is damaged, is reported, and kept aside', async (t) => {
  for (const sealed of [false, true]) {
    const directory = await temporaryDirectory(t);
    const { name, ends } = await journalOf(directory, 5);
    if (sealed) await journalOf(directory, 1);
    const bytes = await readFile(join(directory, name));
    bytes[64 + ends[1]! + 40] = 0xff;
    await writeFile(join(directory, name), bytes);
    const journal = await openJournal({ directory });
    const ids = (await readAll(journal)).map((message) => message.packetId);
    const kept = [0, 1, 3, 4].map(placeOf);
    t.same(ids, sealed ? [...kept, 0] : kept);
    t.equal(await journal.at(ends[1]!), null);
    t.equal((await journal.at(ends[2]!))?.packetId, placeOf(3));
    await mkdir(join(directory, 'aside'), { recursive: true });
    t.same(await readdir(join(directory, 'aside')), [name]);
    await journal.close();
  }
});

t.test('a record hidden in a payload is not taken for one when its surroundings are torn', async (t) => {
  const foreign = await temporaryDirectory(t);
  const { name } = await journalOf(foreign, 1);
  const forged = (await readFile(join(foreign, name))).subarray(64);
  const directory = await temporaryDirectory(t);
  const journal = await openJournal({ directory });
  const first = await journal.append(kioskMessage());
  await journal.append(kioskMessage({ raw: Buffer.concat([Buffer.alloc(200), forged, forged]) }));
  await journal.close();
  const path = join(directory, name);
  const bytes = await readFile(path);
  bytes.fill(0, 64 + first.endOffset, 64 + first.endOffset + 100);
  await writeFile(path, bytes);
  const again = await openJournal({ directory });
  t.equal(again.head, first.endOffset);
  await again.close();
});

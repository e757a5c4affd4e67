import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { diskFiles, type JournalFiles } from '../../../src/ingest/journal/files.ts';
import { kioskMessage, openJournal, readAll, temporaryDirectory } from '../../support/ingest/journal.ts';

/** As of a process that is killed when the header of a file is on the disk: no more is written, nothing removed. */
const KILLED: JournalFiles = {
  ...diskFiles,
  create: async (path) => {
    const file = await diskFiles.create(path);
    const write = async (parts: Buffer[], position: number) => {
      if (position > 0) throw new Error('killed');
      await file.write(parts, position);
    };
    return { ...file, write };
  },
  remove: async () => {
    throw new Error('killed');
  },
};

async function append(directory: string, name: string, files: JournalFiles = diskFiles): Promise<number | null> {
  const journal = await openJournal({ directory, options: { files } });
  try {
    const { offset } = await journal.append(kioskMessage({ raw: Buffer.from(name) }));
    return offset;
  } catch {
    return null;
  } finally {
    await journal.close();
  }
}

async function kept(directory: string): Promise<string[]> {
  const journal = await openJournal({ directory });
  const messages = await readAll(journal);
  await journal.close();
  return messages.map(({ raw }) => raw.toString());
}

t.test('a file that was begun and has no record is written all the same by the next life', async (t) => {
  const directory = await temporaryDirectory(t);
  const first = await append(directory, 'first');
  t.equal(await append(directory, 'lost', KILLED), null);
  t.equal(await append(directory, 'lost too', KILLED), null, 'also twice');
  const second = await append(directory, 'second');
  t.ok(second !== null && first !== null && second > first);
  t.strictSame(await kept(directory), ['first', 'second']);
  t.strictSame(
    (await readdir(directory)).filter((name) => name.endsWith('.new')),
    [],
  );
});

t.test('also where it is the only file, which alone says how far the journal had come', async (t) => {
  const directory = await temporaryDirectory(t);
  const first = await append(directory, 'read by all');
  t.equal(await append(directory, 'lost', KILLED), null);
  const [oldest = '', ...others] = (await readdir(directory)).filter((name) => name.endsWith('.seg')).sort();
  t.equal(others.length, 1);
  await rm(join(directory, oldest));
  const next = await append(directory, 'next');
  t.ok(next !== null && first !== null && next > first, 'no offset is given twice');
  t.strictSame(await kept(directory), ['next']);
});

t.test('also in a journal that is new', async (t) => {
  const directory = await temporaryDirectory(t);
  t.equal(await append(directory, 'lost', KILLED), null);
  t.not(await append(directory, 'first'), null);
  t.strictSame(await kept(directory), ['first']);
});

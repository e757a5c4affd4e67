import { constants } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { diskFiles, type JournalFiles } from '../../../../src/ingest/journal/files.ts';
import { keepAlive, kioskMessage, openJournal, readAll, temporaryDirectory } from '../../../support/ingest/journal.ts';

type Fault = 'write' | 'short' | 'sync' | 'create';

/** The real disk, whose n-th write, sync or create fails when `fails` says so. */
function faultyFiles(fails: (operation: Fault) => boolean): JournalFiles {
  const error = (code: string) => Object.assign(new Error(code), { code });
  return {
    ...diskFiles,
    create: async (path) => {
      if (fails('create')) throw error('EROFS');
      const file = await diskFiles.create(path);
      return {
        ...file,
        write: async (parts, position) => {
          if (fails('short')) {
            await file.write([Buffer.concat(parts).subarray(0, 50)], position);
            throw error('ENOSPC');
          }
          if (fails('write')) throw error('EIO');
          await file.write(parts, position);
          if (fails('sync')) throw error('EIO');
        },
      };
    },
  };
}

/** The flags with which this process has the files below `directory` open, by their kernel's own word. */
async function flagsOf(directory: string): Promise<number[]> {
  const flags: number[] = [];
  for (const number of await readdir('/proc/self/fd')) {
    const path = await readlink(`/proc/self/fd/${number}`).catch(() => '');
    if (!path.startsWith(directory) || !path.endsWith('.seg')) continue;
    const info = await readFile(`/proc/self/fdinfo/${number}`, 'utf8');
    flags.push(Number.parseInt(/^flags:\s+(\d+)$/m.exec(info)?.[1] ?? '0', 8));
  }
  return flags;
}

t.test('each write of a file that takes messages ends on the disk, by the word of the kernel', async (t) => {
  keepAlive(t);
  const directory = await temporaryDirectory(t);
  const journal = await openJournal({ directory });
  await journal.append(kioskMessage());
  const flags = await flagsOf(directory);
  t.equal(flags.length, 1);
  t.ok(flags.every((each) => (each & constants.O_DSYNC) === constants.O_DSYNC));
  await journal.close();
});

t.test('after a failed sync nothing of that group is acked and the file is never used again', async (t) => {
  keepAlive(t);
  const directory = await temporaryDirectory(t);
  let broken = false;
  const files = faultyFiles((operation) => operation === 'sync' && broken);
  const journal = await openJournal({ directory, options: { files, failurePauseMs: 0 } });
  const first = await journal.append(kioskMessage({ packetId: 1 }));
  broken = true;
  const outcomes = await Promise.allSettled([2, 3].map((packetId) => journal.append(kioskMessage({ packetId }))));
  t.same(
    outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code),
    ['ingest.unavailable', 'ingest.unavailable'],
  );
  t.equal(journal.head, first.endOffset);
  broken = false;
  const next = await journal.append(kioskMessage({ packetId: 4 }));
  t.ok(next.offset > first.endOffset, 'no offset is used twice');
  t.same(
    (await readAll(journal)).map((message) => message.packetId),
    [1, 4],
  );
  t.equal((await readdir(directory)).filter((name) => name.endsWith('.seg')).length, 2);
  await journal.close();
  const again = await openJournal({ directory });
  t.same(
    (await readAll(again)).map((message) => message.packetId),
    [1, 4],
    'and the same after a restart',
  );
  await again.close();
});

t.test('while the disk stays broken no files pile up and it is asked at a pace', async (t) => {
  const directory = await temporaryDirectory(t);
  let calls = 0;
  const files = faultyFiles((operation) => {
    if (operation === 'sync') calls += 1;
    return operation === 'sync';
  });
  const journal = await openJournal({ directory, options: { files, failurePauseMs: 60_000 } });
  for (let index = 0; index < 20; index += 1) {
    await t.rejects(journal.append(kioskMessage()), { code: 'ingest.unavailable' });
  }
  t.equal(calls, 1);
  t.same(
    (await readdir(directory)).filter((name) => name.endsWith('.seg')),
    [],
  );
  await journal.close();
});

t.test('whichever operations fail, what was acked is readable, in order, also after reopening', async (t) => {
  keepAlive(t);
  const faults = fc.constantFrom<Fault>('write', 'short', 'sync', 'create');
  const plan = fc.array(fc.tuple(faults, fc.integer({ min: 1, max: 12 })), { maxLength: 6 });
  const property = fc.asyncProperty(plan, fc.integer({ min: 200, max: 2000 }), async (failing, segmentBytes) => {
    const directory = await temporaryDirectory(t);
    const counts = new Map<Fault, number>();
    const files = faultyFiles((operation) => {
      const count = (counts.get(operation) ?? 0) + 1;
      counts.set(operation, count);
      return failing.some(([which, at]) => which === operation && at === count);
    });
    const options = { files, segmentBytes, failurePauseMs: 0, groupDelayMs: 0 };
    const acked: number[] = [];
    let packetId = 0;
    for (let start = 0; start < 3; start += 1) {
      const journal = await openJournal({ directory, options });
      for (let round = 0; round < 8; round += 1) {
        const sent = Array.from({ length: 1 + (round % 3) }, (_, index) =>
          kioskMessage({ packetId: packetId + index }),
        );
        packetId += sent.length;
        const outcomes = await Promise.allSettled(sent.map((message) => journal.append(message)));
        for (const outcome of outcomes) if (outcome.status === 'fulfilled') acked.push(outcome.value.packetId);
      }
      const live = (await readAll(journal, 0, 2)).map((message) => message.packetId);
      t.same(
        live.filter((id) => acked.includes(id)),
        acked,
      );
      await journal.close();
    }
    const journal = await openJournal({ directory });
    const kept = (await readAll(journal)).map((message) => message.packetId);
    t.same(
      kept.filter((id) => acked.includes(id)),
      acked,
    );
    t.equal(journal.received().counts[0]?.messages ?? 0, kept.length, 'each is counted once');
    await journal.close();
  });
  await fc.assert(property, { numRuns: 25 });
});

t.test('a second writer is refused in one sentence, and may come when the first is gone', async (t) => {
  const directory = await temporaryDirectory(t);
  const journal = await openJournal({ directory });
  await t.rejects(openJournal({ directory }), { code: 'service.failed', message: /open already.*stop the other/ });
  await journal.close();
  await (await openJournal({ directory })).close();
});

t.test('a file of another lane or place is refused by name', async (t) => {
  const directory = await temporaryDirectory(t);
  const journal = await openJournal({ directory });
  await journal.append(kioskMessage());
  await journal.close();
  const [name] = (await readdir(directory)).filter((file) => file.endsWith('.seg'));
  await diskFiles.rename(join(directory, name!), join(directory, '0000000000000777.seg'));
  await t.rejects(openJournal({ directory }), { code: 'config.invalid', message: /belongs to lane live at 0/ });
});

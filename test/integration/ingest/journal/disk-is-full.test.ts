import { execFileSync } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { diskFiles } from '../../../../src/ingest/journal/files.ts';
import { keepAlive, kioskMessage, openJournal, readAll, temporaryDirectory } from '../../../support/ingest/journal.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const MiB = 1024 * 1024;
const payload = Buffer.alloc(10_000, 0x20);

t.test('below the reserve nothing more is taken, nothing is lost, and it resumes alone', async (t) => {
  const directory = await temporaryDirectory(t);
  const clock = new ManualClock();
  let freeBytes = 100_000;
  const files = { ...diskFiles, freeBytes: async () => freeBytes };
  const journal = await openJournal({ directory, clock, options: { files, reserveBytes: 50_000, groupDelayMs: 0 } });
  let taken = 0;
  const fill = async () => {
    for (;;) {
      await journal.append(kioskMessage({ raw: payload }));
      taken += 1;
    }
  };
  await t.rejects(fill(), { code: 'ingest.full', retryAfterS: 5, message: /reserve/ });
  t.equal(taken, 4, 'four messages of ten thousand bytes fit above the reserve');
  t.equal((await readAll(journal)).length, 4);
  freeBytes = 1_000_000;
  await clock.advance(200);
  await t.rejects(journal.append(kioskMessage({ raw: Buffer.alloc(960_000) })), { code: 'ingest.full' });
  await clock.advance(200);
  await t.resolves(journal.append(kioskMessage({ raw: payload })));
  t.notOk(journal.full());
  await journal.close();
});

t.test('too much waiting for the disk is refused instead of queued', async (t) => {
  const directory = await temporaryDirectory(t);
  const journal = await openJournal({ directory, options: { unsyncedBytesMax: 50_000 } });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, () => journal.append(kioskMessage({ raw: payload }))),
  );
  const taken = outcomes.filter((outcome) => outcome.status === 'fulfilled').length;
  t.equal(taken, 4);
  for (const outcome of outcomes) if (outcome.status === 'rejected') t.equal(outcome.reason.code, 'ingest.full');
  t.equal((await readAll(journal)).length, taken);
  await journal.close();
});

t.test('on a real disk that somebody else fills, acked stays acked and room brings it back', async (t) => {
  keepAlive(t);
  const disk = await temporaryDirectory(t);
  const mounted = mountSmallDisk(disk);
  if (mounted) t.teardown(() => execFileSync('umount', ['-l', disk]));
  const directory = join(disk, 'journal');
  const limited = { ...diskFiles, freeBytes: async (path: string) => (await statfs(path)).bavail * 4096 };
  const options = { files: limited, reserveBytes: 0, failurePauseMs: 10, groupDelayMs: 0, segmentBytes: MiB };
  const journal = await openJournal({ directory, options });
  const acked: number[] = [];
  const send = (packetId: number) =>
    journal.append(kioskMessage({ packetId, raw: payload })).then(
      ({ offset }) => acked.push(offset),
      (error: { code: string }) => t.match(error.code, /^ingest\.(full|unavailable)$/),
    );
  await send(1);
  if (mounted) await writeFile(join(disk, 'filler'), Buffer.alloc(16 * MiB)).catch(() => {});
  const before = acked.length;
  for (let packetId = 2; packetId < 40; packetId += 1) await send(packetId);
  if (mounted) t.ok(acked.length < before + 38, 'the full disk refused some');
  await rm(join(disk, 'filler'), { force: true });
  const wanted = acked.length + 5;
  await until('it resumed', async () => {
    await send(100);
    return acked.length >= wanted;
  });
  t.same(
    (await readAll(journal)).map((message) => message.offset),
    acked,
  );
  await journal.close();
  const again = await openJournal({ directory });
  const kept = new Set((await readAll(again)).map((message) => message.offset));
  t.ok(acked.every((offset) => kept.has(offset)));
  await again.close();
  if (!mounted) return;
  await writeFile(join(disk, 'filler'), Buffer.alloc(16 * MiB)).catch(() => {});
  const told = { code: 'service.failed', message: /cannot be locked: .*[Nn]o space/ };
  await t.rejects(openJournal({ directory: join(disk, 'other') }), told, 'a disk without a byte left is named');
});

/** 4 MiB of memory as a disk; an ordinary user may not mount one, and the claim is then shown by the tests above. */
function mountSmallDisk(path: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { openRecorder } from '../../../../src/streams/recorder/open-recorder.ts';
import { without } from '../../../../src/streams/recordings/gap-table.ts';
import { placeOf } from '../../../../src/streams/recordings/recording.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { FedPool } from '../../../support/streams/pool/fed-pool.ts';
import { until } from '../../../support/time/until.ts';

const CAM = { device: 'cam', quality: 'main' } as const;
const EVER = { ...CAM, fromMs: 0, toMs: 8e15 };

const database = await openDatabase(t);
const fed = new FedPool(t);
const directory = join(await temporaryDirectory(t), 'video');
let wanted = true;
const begin = () => {
  const opened = openRecorder({
    database,
    ownership: firstOwner(),
    clock: systemClock,
    observer: quietObserver(),
    pool: fed.pool,
    places: [{ name: 'one', directory, use: 'active' }],
    limits: { queueBytesMax: 8 * 1024 * 1024, reserveBytes: 0, hungMs: 20_000, slowMs: 5_000, againMs: 200 },
    wanted: () => (wanted ? [CAM] : []),
    classOf: () => 'public',
    unplanned: () => [],
    refusal: () => null,
  });
  opened.recorder.start();
  return opened;
};
let { recorder, recordings, gaps, disks, fsck } = begin();
const stop = () => recorder.stop(AbortSignal.timeout(20_000));
t.teardown(stop);
const filesIn = (folder: string): string[] => readdirSync(join(directory, folder));
const rows = () => recordings.within(EVER, 10);
const causes = async () => (await gaps.within(EVER, 10)).map(({ cause }) => cause);

t.test('after an older database was restored, newer files have their rows again, and are no holes', async (t) => {
  await until('it is recorded', () => filesIn('open').length === 1);
  const sinceMs = fed.sentToMs;
  await until('some seconds came', () => fed.sentToMs > sinceMs + 2_500);
  wanted = false;
  const sentMs = fed.sentToMs;
  // Two where a file of a minute is cut in between.
  const files = await until('they have a row', async () => {
    const found = await rows();
    return found.length > 0 && found.at(-1)!.endsAtMs >= sentMs ? found : null;
  });
  const [row, last] = [files[0], files.at(-1)];
  await stop();
  await sql`delete from recording`.execute(database.tables());
  await gaps.write([
    {
      ...CAM,
      fromMs: row!.startsAtMs - 5_000,
      toMs: last!.endsAtMs + 5_000,
      reason: { cause: 'gateway', detail: null },
    },
  ]);
  ({ recorder, recordings, gaps, disks, fsck } = begin());
  recorder.wake();
  await until('it has its row', async () => (await rows()).length === files.length);
  t.match(await rows(), files);
  const around = await until('it is taken out of its hole', async () => {
    const found = await gaps.within({ ...CAM, fromMs: 0, toMs: last!.endsAtMs + 4_000 }, 10);
    return found.length > 1 ? found.map((hole) => [hole.fromMs, hole.toMs]) : null;
  });
  t.strictSame(
    [around[0], around.at(-1)],
    [
      [row!.startsAtMs - 5_000, row!.startsAtMs],
      [last!.endsAtMs, last!.endsAtMs + 5_000],
    ],
  );
});

t.test('a file that is missing is a hole until it is back, and nobody’s file is touched', async (t) => {
  await until('the disk is there', () => disks.of('one')!.isReady);
  await until('all lie in their days', () => filesIn('open').length + filesIn('whole').length === 0);
  const stood = await rows();
  const [row] = stood;
  const path = join(directory, placeOf(row!).path);
  t.match(await fsck.check('one', null), { files: stood.length, adopted: 0, missing: 0, strangers: 0 });
  const stranger = join(dirname(path), 'holiday.mp4');
  writeFileSync(stranger, 'no video');
  renameSync(path, join(directory, 'aside'));
  t.match(await fsck.check('one', row!.startsAtMs), { missing: 1, adopted: 0, strangers: 1, back: 0, nextMs: null });
  t.equal((await rows()).length, stood.length - 1);
  t.ok((await causes()).includes('file-lost'));
  t.match(await fsck.check('one', null), { missing: 0, back: 0 }, 'told once');
  mkdirSync(dirname(path), { recursive: true });
  renameSync(join(directory, 'aside'), path);
  t.match(await fsck.check('one', null), { missing: 0, back: 1, strangers: 1 });
  t.equal((await rows()).length, stood.length);
  t.notOk((await causes()).includes('file-lost'));
  rmSync(stranger);
  await t.rejects(fsck.check('other', null), { code: 'not-found' });
  await stop();
  ({ recorder, recordings, gaps, disks, fsck } = begin());
  t.match(await fsck.check('one', null), { files: stood.length }, 'also where nothing is recorded');
});

t.test('what is left of a hole is what no file covers', async (t) => {
  const hole = { fromMs: 0, toMs: 60_000 };
  const file = (startsAtMs: number, endsAtMs: number) => ({ startsAtMs, endsAtMs });
  t.strictSame(without(hole, []), [hole]);
  t.strictSame(without(hole, [file(-10, 70_000)]), []);
  t.strictSame(without(hole, [file(30_000, 40_000), file(10_000, 29_000)]), [
    { fromMs: 0, toMs: 10_000 },
    { fromMs: 40_000, toMs: 60_000 },
  ]);
  t.strictSame(without(hole, [file(100_000, 110_000)]), [hole]);
});

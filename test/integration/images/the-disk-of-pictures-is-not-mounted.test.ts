import { mkdir, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { DAY_MS } from '../../../src/core/clock.ts';
import { blobKey, type ImageTables } from '../../../src/images/image-table.ts';
import { areImagesKept } from '../../../src/images/images.ts';
import { Volume } from '../../../src/platform/blobs/volume.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { openDatabase } from '../../support/devices/registry.ts';
import { openImages, tinyPicture } from '../../support/ingest/images.ts';
import { quietObserver, temporaryDirectory } from '../../support/services/services.ts';
import { ManualClock } from '../../support/time/clock.ts';

const DEVICE = { id: 'kiosk-1', kind: 'recycling-kiosk', kindVersion: 1, jurisdiction: '330212' };
const gone = { code: 'images.unavailable', status: 503 };

const database = await openDatabase(t);
const rows = () => database.tables<ImageTables>().selectFrom('image').selectAll().orderBy('id').execute();

async function store(t: Test) {
  await sql`truncate image, volume`.execute(database.tables());
  const clock = new ManualClock(Date.now());
  const directory = join(await temporaryDirectory(t), 'images');
  await mkdir(directory);
  return { clock, directory, ...life(directory, clock) };
}

/** A gateway that starts. */
function life(directory: string, clock: ManualClock) {
  const disk = new Volume({
    name: 'images',
    directory,
    database,
    clock,
    observer: quietObserver(),
    isExpected: () => areImagesKept(database),
  });
  const images = openImages({ database, directory, clock, volume: disk });
  return { disk, images };
}

t.test('what lies on a disk that is not mounted stays known, and comes back with it', async (t) => {
  const { images, disk, directory, clock } = await store(t);
  const kept: string[] = [];
  for (const salt of ['a', 'b', 'c']) kept.push((await images.keep(DEVICE, 'image/png', tinyPicture({ salt }))).id);
  t.equal(await disk.problem(), null);
  clock.setWall(clock.nowMs() + 2 * DAY_MS);
  const away = `${directory}-away`;
  await rename(directory, away);
  for (const mountPoint of ['no directory', 'an empty directory', 'empty directories of the same names']) {
    if (mountPoint !== 'no directory') await mkdir(directory, { recursive: true });
    if (mountPoint.endsWith('names')) {
      for (const row of await rows()) await mkdir(dirname(join(directory, blobKey(row))), { recursive: true });
    }
    await images.tidy(clock.nowMs());
    await life(directory, clock).images.tidy(clock.nowMs());
    t.equal((await rows()).length, 3, `${mountPoint}: nothing is forgotten`);
    t.match(
      await disk.problem(),
      /is not the disk of images: it lacks \.citywatch-volume\. Mount the disk/,
      mountPoint,
    );
    await t.rejects(images.keep(DEVICE, 'image/png', tinyPicture({ salt: 'd' })), gone, 'nothing is written beside it');
    await t.rejects(images.read((await images.find(kept[0]!))!), gone, 'and nobody is told that a picture was lost');
  }
  await rm(directory, { recursive: true });
  await rename(away, directory);
  t.equal(await disk.problem(), null);
  t.same(await images.read((await images.find(kept[0]!))!), tinyPicture({ salt: 'a' }));

  const lost = (await rows())[0]!;
  await rm(join(directory, blobKey(lost)));
  clock.setWall(clock.nowMs() + 2 * 3600 * 1000);
  await images.tidy(clock.nowMs());
  t.equal((await rows()).length, 2, 'what is lost on a disk that is there is forgotten as before');
});

t.test('files of another database are left alone', async (t) => {
  const { images, directory, clock } = await store(t);
  const { id } = await images.keep(DEVICE, 'image/png', tinyPicture());
  const [row] = await rows();
  await sql`truncate image, volume`.execute(database.tables());
  const old = new Date(clock.nowMs() - DAY_MS);
  await utimes(join(directory, blobKey(row!)), old, old);
  const other = life(directory, clock);
  await other.images.tidy(clock.nowMs());
  t.match(await other.disk.problem(), /belongs to another database/);
  t.same(await readdir(dirname(join(directory, blobKey(row!)))), [`${id}.png`]);
  await writeFile(join(directory, '.citywatch-volume'), 'somebody else\n');
  t.match(await life(directory, clock).disk.problem(), /belongs to another database/);
});

t.test('a database that knows pictures does not take an empty directory for theirs', async (t) => {
  const { images, directory, clock } = await store(t);
  await images.keep(DEVICE, 'image/png', tinyPicture());
  await sql`truncate volume`.execute(database.tables());
  await rm(join(directory, '.citywatch-volume'));
  await rename(directory, `${directory}-away`);
  await mkdir(directory);
  t.match(await life(directory, clock).disk.problem(), /is empty, but images are known: mount their disk/);
  await rm(directory, { recursive: true });
  await rename(`${directory}-away`, directory);
  t.equal(await life(directory, clock).disk.problem(), null, 'the right one is taken, from an earlier version too');
  t.ok((await readdir(directory)).includes('.citywatch-volume'));
});

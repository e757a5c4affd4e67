import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { DAY_MS } from '../../../src/core/clock.ts';
import type { ImageTables } from '../../../src/images/image-table.ts';
import { blobKey } from '../../../src/images/image-table.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { openDatabase } from '../../support/devices/registry.ts';
import { openImages, tinyJpeg, tinyPicture } from '../../support/ingest/images.ts';
import { temporaryDirectory } from '../../support/services/services.ts';
import { freshDatabase } from '../../support/services/shared-database.ts';
import { ManualClock } from '../../support/time/clock.ts';
import { until } from '../../support/time/until.ts';

const CHILD = new URL('../../support/ingest/images-child.ts', import.meta.url).pathname;
const DEVICE = { id: 'kiosk-1', kind: 'recycling-kiosk', kindVersion: 1, jurisdiction: '330212' };

const { url } = await freshDatabase(t);
const database = await openDatabase(t, url);
const rows = () => database.tables<ImageTables>().selectFrom('image').selectAll().orderBy('received_at_ms').execute();

async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.flatMap((entry) => (entry.isFile() ? [entry.name] : [])).sort();
}

async function emptyStore(t: Test) {
  await database.tables<ImageTables>().deleteFrom('image').execute();
  const clock = new ManualClock(Date.now());
  const directory = await temporaryDirectory(t);
  return { clock, directory, images: openImages({ database, directory, clock }) };
}

t.test('the same bytes of one device have one id, however often and at once they come', async (t) => {
  const { images, directory, clock } = await emptyStore(t);
  const bytes = tinyPicture();
  const ids = await Promise.all(Array.from({ length: 8 }, () => images.keep(DEVICE, 'image/png', bytes)));
  t.equal(new Set(ids.map(({ id }) => id)).size, 1);
  t.equal(ids.filter(({ isNew }) => isNew).length, 1);
  t.same(await filesIn(directory), [`${ids[0]!.id}.png`], 'those who were slower took theirs away');
  const other = await images.keep({ ...DEVICE, id: 'kiosk-2' }, 'image/png', bytes);
  t.not(other.id, ids[0]!.id, 'another device learns nothing of it');
  const image = await images.find(other.id);
  t.same(await images.read(image!), bytes);

  const [row] = await rows();
  await rm(join(directory, blobKey(row!)));
  clock.setWall(clock.nowMs() + 5);
  t.same(await images.keep(DEVICE, 'image/png', bytes), { id: row!.id, isNew: false });
  t.same(await readFile(join(directory, blobKey(row!))), bytes, 'a file that was lost comes back with its bytes');
});

t.test('without room nothing is taken, and what was taken stays', async (t) => {
  const { images, directory } = await emptyStore(t);
  const { id } = await images.keep(DEVICE, 'image/png', tinyPicture());
  const full = openImages({ database, directory, freeBytes: async () => 1024 * 1024 * 1024 + 10 });
  const refusal = { code: 'images.unavailable', status: 503, retryAfterS: 60 };
  await t.rejects(full.keep(DEVICE, 'image/jpeg', tinyJpeg()), refusal);
  const breaking = openImages({
    database,
    directory,
    freeBytes: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
  });
  await t.rejects(breaking.keep(DEVICE, 'image/jpeg', tinyJpeg()), refusal);
  t.equal((await rows()).length, 1);
  t.same(await filesIn(directory), [`${id}.png`]);
  t.same(await full.keep(DEVICE, 'image/png', tinyPicture()), { id, isNew: false }, 'what is kept needs no room');
});

t.test('after kill -9 what was promised is there, and what was not is swept', async (t) => {
  const { images, directory, clock } = await emptyStore(t);
  const run = (text: string) => sql.raw(text).execute(database.tables());
  await run(
    `create function hold() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return new; end $$`,
  );
  await run(`create trigger hold before insert on image for each row when (new.media_type = 'image/png')
    execute function hold()`);
  const child = startChild(directory);
  const files = async (end: string) => (await filesIn(directory)).filter((name) => name.endsWith(end));
  await until('the second file is written', async () => (await files('.png')).length === 1);
  clock.setWall(Date.now() + 600_000);
  await images.tidy(clock.nowMs());
  child.process.kill('SIGKILL');
  const id = await child.said;
  await run(`select pg_terminate_backend(pid) from pg_stat_activity where query like 'insert into "image"%'`);
  await run('drop function hold cascade');
  t.same(
    (await rows()).map((row) => row.id),
    [id],
    'the one that was promised, and no other',
  );
  t.equal((await files('.png')).length, 1, 'somebody might not have been done with it');
  clock.setWall(clock.nowMs() + 2 * 3600 * 1000);
  await images.tidy(clock.nowMs());
  t.same(await filesIn(directory), [`${id}.jpg`]);
  t.ok((await images.read((await images.find(id))!)).length > 0);
});

function startChild(directory: string) {
  const stdio = ['ignore', 'inherit', 'inherit', 'pipe'] as const;
  const child = spawn(process.execPath, [...process.execArgv, CHILD, url, directory], { stdio: [...stdio] });
  let text = '';
  child.stdio[3]!.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  return { process: child, said: new Promise<string>((resolve) => child.stdio[3]!.once('end', () => resolve(text))) };
}

t.test('pictures go when their time is over, rows and files alike, and leftovers with them', async (t) => {
  const { images, directory, clock } = await emptyStore(t);
  const again = tinyPicture({ salt: 'comes again' });
  const old = await images.keep(DEVICE, 'image/jpeg', tinyJpeg());
  const kept = await images.keep(DEVICE, 'image/png', again);
  clock.setWall(clock.nowMs() + 20 * DAY_MS);
  await images.keep(DEVICE, 'image/png', again);
  const young = await images.keep(DEVICE, 'image/png', tinyPicture({ salt: 'young' }));
  const lost = await images.keep(DEVICE, 'image/png', tinyPicture({ salt: 'lost' }));
  const lostRow = (await rows()).find(({ id }) => id === lost.id)!;
  await rm(join(directory, blobKey(lostRow)));
  const outside = join(directory, '..', `outside-${process.pid}.jpg`);
  await writeFile(outside, 'not ours');
  t.teardown(() => rm(outside, { force: true }));
  const stray = join(directory, '2026-01-01', 'ab');
  await mkdir(stray, { recursive: true });
  await symlink(outside, join(stray, 'link.jpg'));
  await writeFile(join(directory, 'README'), 'somebody put this here');
  for (const name of ['x.jpg', `${old.id}.jpg.0123.tmp`]) {
    await writeFile(join(stray, name), '');
    await utimes(join(stray, name), 0, 0);
  }

  clock.setWall(clock.nowMs() + 11 * DAY_MS);
  await images.tidy(clock.nowMs());
  const left = (await rows()).map(({ id }) => id);
  t.same(left.sort(), [kept.id, young.id].sort(), 'what came again counts from then');
  t.same(await filesIn(directory), ['README', `${kept.id}.png`, `${young.id}.png`].sort());
  t.equal(await images.find(old.id), null);
  t.equal(await readFile(outside, 'utf8'), 'not ours', 'no link is followed');
  await rm(join(stray, 'link.jpg'));
  await images.tidy(clock.nowMs());
  t.notOk((await readdir(directory)).includes('2026-01-01'), 'an empty day is removed');
});

t.test('a store of many directories is swept piece by piece, all of it', async (t) => {
  const { images, directory, clock } = await emptyStore(t);
  for (let shard = 0; shard < 150; shard += 1) {
    const path = join(directory, '2026-01-02', shard.toString(16).padStart(2, '0'));
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'left.jpg'), '');
    await utimes(join(path, 'left.jpg'), 0, 0);
  }
  const left = [];
  for (let round = 0; round < 3; round += 1) {
    await images.tidy(clock.nowMs());
    left.push((await filesIn(directory)).length);
  }
  t.same(left, [86, 22, 0]);
});

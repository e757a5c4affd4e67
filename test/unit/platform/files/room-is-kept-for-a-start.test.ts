import { mkdir, readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { giveUpRoom, keepRoom, ROOM_FILE } from '../../../../src/platform/files/kept-room.ts';
import { SmallDisk } from '../../../support/faults/small-disk.ts';
import { temporaryDirectory } from '../../../support/services/services.ts';

const MiB = 1024 ** 2;

t.test('room is kept once on a disk, made anew when it is short, and absent directories are none', async (t) => {
  const path = t.testdir();
  await mkdir(join(path, 'journal'));
  const places = [join(path, 'absent'), path, join(path, 'journal')];
  await keepRoom(places);
  t.same([await readdir(path), await readdir(join(path, 'journal'))], [[ROOM_FILE, 'journal'], []]);
  const { blocks, size } = await stat(join(path, ROOM_FILE));
  t.equal(size, 32 * MiB);
  t.ok(blocks * 512 >= size / 2, 'it is no hole');
  await truncate(join(path, ROOM_FILE), MiB);
  await keepRoom(places);
  t.equal((await stat(join(path, ROOM_FILE))).size, 32 * MiB);
  await giveUpRoom(places);
  t.same(await readdir(path), [ROOM_FILE, 'journal'], 'a disk with room keeps it');
});

if (process.getuid?.() === 0) {
  t.test('a full disk gets the room back, and so does the next start', async (t) => {
    const path = await temporaryDirectory(t);
    const disk = SmallDisk.mount(t, path, 320);
    await keepRoom([path]);
    disk.fill(0);
    await giveUpRoom([path]);
    t.equal(disk.freeBytes, 32 * MiB);
    await keepRoom([path]);
    t.equal(disk.freeBytes, 8 * MiB, 'most of what was not needed is kept for the start after that');
    await giveUpRoom([path]);
    t.equal(disk.freeBytes, 32 * MiB);
    disk.free();
    disk.fill(257 * MiB);
    await keepRoom([path]);
    t.equal(disk.freeBytes, 257 * MiB, 'not where it would be why messages are refused');
    disk.free();
    await keepRoom([path]);
    t.equal(disk.freeBytes, 288 * MiB);
  });
}

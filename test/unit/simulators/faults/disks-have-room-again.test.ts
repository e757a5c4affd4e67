import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { buildCity } from '../../../../simulators/cities/city.ts';
import { parseCityFile } from '../../../../simulators/cities/city-file.ts';
import { faultOf, refuseFaults } from '../../../../simulators/cities/faults.ts';
import { Filler, isFiller, whyNotFill } from '../../../../simulators/faults/disk.ts';
import { UndoFile } from '../../../../simulators/faults/undo.ts';
import { excusedUntil } from '../../../../simulators/report/faults.ts';
import { SmallDisk } from '../../../support/faults/small-disk.ts';
import { temporaryDirectory } from '../../../support/services/services.ts';

const CITY = `
city: test
title: { zh: 测试, en: Test }
plan: none
home: 浙B
middle: { lat: 29.87, lon: 121.55, radiusKm: 5 }
districts: ["330203"]
fleets: [{ name: sign, kind: sign, count: 1 }]
timeline: [{ atS: 5, do: fill-disk, forS: 10 }]
`;
const city = buildCity(parseCityFile(CITY, 'test'), { seed: 1, scale: 1, prefix: 'sim-t-', beginAtMs: 0 });

function freeOf(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

t.test('the timeline fills a disk and gives its room back, also when whoever filled it was killed', async (t) => {
  const directory = join(await temporaryDirectory(t), 'disk');
  SmallDisk.mount(t, directory, 16);
  t.equal(whyNotFill(directory), null);
  t.doesNotThrow(() => refuseFaults(city, { watchPid: null, fillDir: directory }));
  const notes = await temporaryDirectory(t);
  const undo = new UndoFile('sim-t-', notes);
  const [plan] = city.faults;
  const fault = faultOf(plan!, { fillDir: directory, undo } as unknown as Parameters<typeof faultOf>[1]);
  t.match(fault, { what: 'fill-disk', fromMs: 5_000, toMs: 15_000 });
  await fault.begin();
  t.ok(freeOf(directory) <= 64 * 1024);
  t.throws(() => writeFileSync(join(directory, 'x'), Buffer.alloc(2 ** 20)), { code: 'ENOSPC' });
  await fault.end();
  t.ok(freeOf(directory) > 8 * 2 ** 20);
  await fault.begin();
  t.equal(new UndoFile('sim-t-', notes).undo(), 2, 'the file was noted each time');
  t.ok(freeOf(directory) > 8 * 2 ** 20, 'a later process gives it back');
  t.equal(new UndoFile('sim-t-', notes).undo(), 0);
});

t.test('memory is filled up to half a GiB only', async (t) => {
  const directory = join(await temporaryDirectory(t), 'disk');
  SmallDisk.mount(t, directory, 600);
  t.match(whyNotFill(directory), /is memory, of which filling it would take more than 512 MiB/);
});

t.test('a disk that others live on is not filled, and nothing else than a filler is removed', (t) => {
  const large = t.testdir();
  t.match(whyNotFill(large), /GiB, which others may live on/);
  const ground = { watchPid: null, fillDir: large };
  t.throws(() => refuseFaults(city, ground), { message: /fills the disk of the gateway, and/ });
  t.throws(() => refuseFaults(city, { watchPid: null, fillDir: null }), { message: /--fill-dir DIR is missing/ });
  t.match(whyNotFill(join(large, 'nowhere')), /cannot be looked at/);
  const other = join(large, 'important');
  writeFileSync(other, 'x');
  const undo = new UndoFile('sim-u-', large);
  undo.addFile(other);
  const folder = join(large, 'citywatch-filler');
  mkdirSync(folder);
  undo.addFile(folder);
  t.equal(undo.undo(), 0);
  t.ok(existsSync(other) && existsSync(folder));
  t.equal(isFiller(new Filler(large).path), false);
  t.equal(spawnSync('fallocate', ['--version']).status, 0, 'what fills it is there');
  t.end();
});

t.test('what is due while a disk is full is owed later', (t) => {
  t.equal(excusedUntil(city.befallen, 7_000, '330203'), 75_000);
  t.end();
});

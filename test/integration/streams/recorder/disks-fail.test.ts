import { mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { openRecorder } from '../../../../src/streams/recorder/open-recorder.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { FedPool } from '../../../support/streams/pool/fed-pool.ts';
import { isHonest, type RecordedBed } from '../../../support/streams/recordings/honest.ts';
import { until } from '../../../support/time/until.ts';

const CAMERAS = Array.from({ length: 12 }, (_, number) => `cam-${number}`);
const quality = 'main';
const EVER = { quality, fromMs: 0, toMs: 8e15 } as const;

const database = await openDatabase(t);
const fed = new FedPool(t);
const [one, other] = [await temporaryDirectory(t), await temporaryDirectory(t)];
let wanted = CAMERAS;
const { recorder, recordings, gaps, disks } = openRecorder({
  database,
  ownership: firstOwner(),
  clock: systemClock,
  observer: quietObserver(),
  pool: fed.pool,
  places: [
    { name: 'one', directory: join(one, 'disk'), use: 'active' },
    { name: 'other', directory: join(other, 'disk'), use: 'active' },
  ],
  limits: { queueBytesMax: 8 * 1024 * 1024, reserveBytes: 0, hungMs: 2_500, slowMs: 700, againMs: 200 },
  wanted: () => wanted.map((device) => ({ device, quality })),
  classOf: () => 'public',
  unplanned: () => [],
  refusal: () => null,
});
recorder.start();
t.teardown(() => recorder.stop(AbortSignal.timeout(20_000)));
const [first, second] = [disks.of('one')!, disks.of('other')!];
const open = (directory: string): number => readdirSync(join(directory, 'disk', 'open')).length;
const holes = async () => (await Promise.all(CAMERAS.map((device) => gaps.within({ device, ...EVER }, 100)))).flat();

const bed: RecordedBed = {
  cameras: CAMERAS,
  recordings,
  gaps,
  sentToMs: () => fed.sentToMs,
  record: (all) => {
    wanted = all ? CAMERAS : [];
  },
};

t.test('cameras are spread over the disks', async (t) => {
  await until('all are written', () => open(one) + open(other) === CAMERAS.length);
  t.ok(open(one) > 0 && open(other) > 0, `${open(one)} and ${open(other)}`);
});

t.test('while a disk does not answer its cameras are on another, and lose nothing if it comes back', async (t) => {
  const hung = first.pid!;
  const before = (await holes()).length;
  process.kill(hung, 'SIGSTOP');
  await until('they are on the other', () => open(other) === CAMERAS.length);
  t.not(disks.refusals().join(), '', 'it is told');
  process.kill(hung, 'SIGCONT');
  await until('what waited is written', () => first.isSound && open(one) === 0);
  t.equal((await holes()).length, before);
  t.equal(first.pid, hung);
  await isHonest(t, bed, ['stream', 'disk-away']);
});

t.test('a disk that hangs is given up, and what it took before is found again', async (t) => {
  await until('all are written', () => open(one) > 0 && open(one) + open(other) === CAMERAS.length);
  const hung = first.pid!;
  process.kill(hung, 'SIGSTOP');
  await until('another process writes', () => first.pid !== hung && first.isReady);
  t.equal(open(one), 0, 'what was whole of its files was saved');
  await isHonest(t, bed, ['stream', 'disk-slow']);
});

t.test('a disk that is taken away is written nowhere else, and is used again when it is back', async (t) => {
  await until('all are written', () => open(other) > 0 && open(one) + open(other) === CAMERAS.length);
  renameSync(join(other, 'disk'), join(other, 'away'));
  mkdirSync(join(other, 'disk'));
  await until('it is noticed', () => second.health.problem !== null);
  t.match(disks.refusals().join(), /Mount the disk/);
  await until('all are on the other', () => open(one) === CAMERAS.length);
  t.strictSame(readdirSync(join(other, 'disk')), [], 'nothing was written in its place');
  rmdirSync(join(other, 'disk'));
  renameSync(join(other, 'away'), join(other, 'disk'));
  await until('it is back', () => second.isReady);
  await isHonest(t, bed, ['stream', 'disk-slow', 'disk-away', 'disk-failed']);
});

t.test('nothing new is written on a disk that is drained, and a disk may be added', async (t) => {
  const third = await temporaryDirectory(t);
  await until('all are written', () => open(one) + open(other) === CAMERAS.length);
  disks.use('one', 'draining');
  disks.add({ name: 'third', directory: join(third, 'disk'), use: 'active' });
  await until('it is written', () => disks.of('third')!.isSound);
  await isHonest(t, bed, ['stream', 'disk-slow', 'disk-away', 'disk-failed']);
  await until('it takes cameras', () => open(third) > 0 && open(third) + open(other) === CAMERAS.length);
  t.equal(open(one), 0);
  wanted = [];
});

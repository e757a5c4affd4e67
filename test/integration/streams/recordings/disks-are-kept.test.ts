import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { DiskRegister, diskPlaces } from '../../../../src/streams/recorder/disk/disk-register.ts';
import { openRecorder } from '../../../../src/streams/recorder/open-recorder.ts';
import type { RecordedFile } from '../../../../src/streams/recordings/recordings.ts';
import { callerIn, openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';

const WHO = callerIn('000000');
const database = await openDatabase(t);
const place = await temporaryDirectory(t);
const observer = quietObserver();
mkdirSync(join(place, 'first'));
const common = { database, clock: systemClock, observer };
const { recordings, gaps, disks, fsck } = openRecorder({
  ...common,
  ownership: firstOwner(),
  pool: { lease: () => Promise.reject(new Error('no camera')) },
  places: await diskPlaces(database, join(place, 'first')),
  limits: { queueBytesMax: 1, reserveBytes: 0, hungMs: 1, slowMs: 1, againMs: 1 },
  wanted: () => [],
  classOf: () => 'public',
  unplanned: () => [],
  refusal: () => null,
});
const register = new DiskRegister({ ...common, recordings, disks, fsck });
const second = join(place, 'second');
const add = (over: object = {}) => register.add(WHO, { name: 'video-2', directory: second, confirm: true, ...over });

t.test('a disk is added where it is mounted, once, and nowhere else', async (t) => {
  await t.rejects(add(), { code: 'request.invalid', issues: [{ path: 'directory', message: /mount the disk/ }] });
  await t.rejects(add({ directory: 'second' }), { code: 'request.invalid' });
  mkdirSync(second);
  await t.rejects(add({ confirm: false }), { code: 'request.confirm', issues: [{ message: /not mounted/ }] });
  await add();
  t.strictSame(readdirSync(second), ['.citywatch-volume']);
  await t.rejects(add(), { code: 'conflict.exists' });
  mkdirSync(join(second, 'within'));
  await t.rejects(add({ name: 'video-3', directory: join(second, 'within') }), { code: 'request.invalid' });
  t.match(await diskPlaces(database, 'first'), [{ name: 'recordings' }, { name: 'video-2', directory: second }]);
});

t.test('the last disk is not drained by mistake, and the first not retired', async (t) => {
  const drain = (name: string, confirm = false) => register.use(WHO, { name, use: 'draining', confirm });
  await drain('recordings');
  await t.rejects(drain('video-2'), { code: 'request.confirm' });
  await drain('video-2', true);
  t.match(await register.list(), [{ use: 'draining' }, { name: 'video-2', use: 'draining', files: 0 }]);
  t.match(disks.whyNot('cam'), { cause: 'disk-away', detail: /drained/ });
  await register.use(WHO, { name: 'recordings', use: 'active', confirm: false });
  await t.rejects(drain('other'), { code: 'not-found' });
  const ofACity = register.use(callerIn('330200'), { name: 'video-2', use: 'active', confirm: false });
  await t.rejects(ofACity, { code: 'auth.forbidden' }, 'a disk holds what cameras of all areas show');
  await t.rejects(register.retire(WHO, { name: 'recordings', lost: true }), { code: 'conflict.state' });
});

t.test('a disk with files is not retired, and of one that is lost each time is a hole', async (t) => {
  const file = (device: string, minute: number): RecordedFile => ({
    head: {
      device,
      quality: 'main',
      startsAtMs: minute * 60_000,
      previousEndsAtMs: null,
      continuity: 'c',
      leaseEpoch: 1,
    },
    disk: 'video-2',
    endsAtMs: (minute + 1) * 60_000,
    bytes: 1_000,
    leadBytes: 10,
    sha256: '00'.repeat(32),
  });
  await recordings.add([file('a', 1), file('a', 2), file('a', 4), file('b', 2)]);
  const retire = (lost: boolean) => register.retire(WHO, { name: 'video-2', lost });
  await t.rejects(retire(false), { code: 'conflict.state', detail: /4 files/ });
  t.strictSame(await retire(true), { retired: true, lost: 4 });
  const holes = async (device: string) =>
    (await gaps.within({ device, quality: 'main', fromMs: 0, toMs: 1e9 }, 9)).map((hole) => [hole.fromMs, hole.toMs]);
  t.strictSame(await holes('a'), [
    [60_000, 180_000],
    [240_000, 300_000],
  ]);
  t.strictSame(await holes('b'), [[120_000, 180_000]]);
  t.equal(await recordings.isAny(), false);
  t.match(await diskPlaces(database, 'first'), [{ name: 'recordings' }]);
  const { rows } = await sql<{ action: string; subject: string }>`
    select action, subject from audit_entry order by seq`.execute(database.tables());
  t.strictSame(
    rows.map(({ action, subject }) => `${action.split('.')[1]} ${subject.split('/')[1]}`),
    [
      'add video-2',
      'draining recordings',
      'draining video-2',
      'active recordings',
      'give-up video-2',
      'retire video-2',
    ],
  );
});

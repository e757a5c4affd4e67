import fc from 'fast-check';
import t from 'tap';
import { DAY_MS } from '../../../../src/core/clock.ts';
import { RECORDED_DAYS_MIN, type RecordingClass } from '../../../../src/streams/recordings/classes.ts';
import type { Recording } from '../../../../src/streams/recordings/recording.ts';
import { Retention } from '../../../../src/streams/recordings/retention.ts';
import { Room } from '../../../../src/streams/recordings/room/room.ts';
import { marksOf, refusalOf, stoppedClasses } from '../../../../src/streams/recordings/room/stops.ts';
import { type Owner, quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const SETTINGS = { freeBytes: 100, freePercent: 2, reserveBytes: 60 };
const MARKS = marksOf(SETTINGS, 1_000);

t.test('the mark is the larger of bytes and share, and never below the reserve', async (t) => {
  t.equal(MARKS.markBytes, 100);
  t.equal(marksOf(SETTINGS, 10_000).markBytes, 200);
  t.equal(marksOf({ ...SETTINGS, freeBytes: 1 }, 1_000).markBytes, 60);
});

t.test('the lowest class gives way first, and begins again only with more room than it ended at', async (t) => {
  const at = (free: number, ...stood: RecordingClass[]) => [...stoppedClasses(free, MARKS, new Set(stood))];
  t.strictSame(at(100), []);
  t.strictSame(at(99), ['public']);
  t.strictSame(at(79), ['public', 'minors']);
  t.strictSame(at(0), ['public', 'minors'], 'key sites are recorded until the disk takes nothing');
  t.strictSame(at(124, 'public', 'minors'), ['public']);
  t.strictSame(at(104, 'public', 'minors'), ['public', 'minors']);
  t.strictSame(at(125, 'public'), []);
});

t.test('whatever room there is, a higher class is never stopped while a lower one is recorded', async () => {
  const classes = fc.constantFrom<RecordingClass[]>([], ['public'], ['public', 'minors']);
  fc.assert(
    fc.property(fc.nat(300), classes, (free, stood) => {
      const now = stoppedClasses(free, MARKS, new Set(stood));
      return !now.has('key-site') && (!now.has('minors') || now.has('public'));
    }),
  );
});

/** A disk of 1,000 bytes with files of 10 bytes; each is of one class and so many days old. */
function diskWith(
  t: Owner,
  files: readonly [of: RecordingClass, ageDays: number, isPinned?: true][],
  settings = SETTINGS,
) {
  const clock = new ManualClock();
  const observer = quietObserver();
  const startsAtMs = (ageDays: number) => clock.nowMs() - ageDays * DAY_MS;
  let kept = files.map(([of, ageDays, isPinned], n) => ({
    device: `cam-${n}`,
    class: of,
    quality: 'main',
    startsAtMs: startsAtMs(ageDays),
    leaseEpoch: 1,
    bytes: 10,
    isPinned,
  }));
  const bytesOf = () => kept.length * 10;
  const state = { otherBytes: 0, gone: [] as string[], leftBytes: null as number | null, quotaBytes: 500 };
  const disk = {
    name: 'one',
    directory: '/video',
    room: { freeBytes: 1_000, totalBytes: 1_000, atMs: 0 },
    remove: async () => {},
  };
  const recordings = {
    oldest: async ({ of, beforeMs }: { of: RecordingClass; beforeMs: number }, max: number) =>
      kept
        .filter((file) => file.class === of && !file.isPinned && file.startsAtMs < beforeMs)
        .sort((one, other) => one.startsAtMs - other.startsAtMs)
        .slice(0, max) as unknown as Recording[],
    pinned: async () => ({ files: 0, bytes: 0 }),
    forget: async (some: readonly Recording[]) => {
      const devices = new Set(some.map(({ device }) => device));
      state.gone.push(...devices);
      kept = kept.filter(({ device }) => !devices.has(device));
    },
    dropDaysBefore: async () => {},
  };
  const mostDays = { public: 365, 'key-site': 365, minors: 365 };
  const disks = { ready: () => [disk] };
  const leaving = { choose: async (files: readonly Recording[]) => [...files] };
  const retention = new Retention({ observer, recordings, leaving, disks, leastDays: RECORDED_DAYS_MIN, mostDays });
  const stopped = new Set<RecordingClass>();
  const quota = () => (state.leftBytes === null ? null : { bytes: state.quotaBytes, leftBytes: state.leftBytes });
  const room = new Room({ clock, believed: clock, observer, disk, retention, settings, quota, stopped });
  const refusal = (of: RecordingClass) => refusalOf(of, stopped);
  const told: boolean[] = [];
  room.start(async (holds) => void told.push(holds));
  t.teardown(() => room.stop());
  /** The disk says how it is, and somebody looks. */
  const look = async () => {
    await clock.advance(1_000);
    disk.room = { ...disk.room, freeBytes: 1_000 - state.otherBytes - bytesOf(), atMs: clock.monotonicMs() };
    await room.look();
  };
  return { state, room, refusal, look, told };
}

t.test('a disk that is nearly full loses what is longest past its least, and nothing more than it must', async (t) => {
  const { state, room, refusal, look } = diskWith(t, [
    ['public', 31],
    ['key-site', 100],
    ['public', 35],
    ['public', 29],
    ['key-site', 80],
    ['minors', 40, true],
    ['minors', 32],
  ]);
  await look();
  t.strictSame(state.gone, [], 'there is room');
  state.otherBytes = 831;
  await look();
  t.strictSame(state.gone.sort(), ['cam-1', 'cam-2', 'cam-6'], 'until a quarter more than the mark is free');
  t.equal(room.problem, null);
  t.equal(refusal('public'), null);
});

t.test('where nothing may go the lowest class gives way until there is room again, and it is told', async (t) => {
  const { state, room, refusal, look, told } = diskWith(t, [
    ['public', 31],
    ['public', 3],
    ['key-site', 89],
    ['minors', 100, true],
  ]);
  state.otherBytes = 890;
  await look();
  t.strictSame(state.gone, ['cam-0']);
  t.strictSame(refusal('public'), { cause: 'disk-full', detail: 'class public' });
  t.equal(refusal('key-site'), null);
  t.match(
    room.problem,
    /\/video is nearly full .* class public are not recorded \(retention below law\)\. Use a larger/,
  );
  state.otherBytes = 910;
  await look();
  t.match([refusal('minors'), refusal('key-site')], [{ cause: 'disk-full' }, null]);
  state.otherBytes = 850;
  await look();
  t.match([refusal('minors'), refusal('public')], [null, { cause: 'disk-full' }], 'not yet room for all');
  state.otherBytes = 800;
  await look();
  t.equal(room.problem, null);
  t.strictSame(told.slice(0, 1), [true]);
  t.equal(told.at(-1), false);
});

t.test('a quota counts as a disk of that size', async (t) => {
  const { state, room, refusal, look } = diskWith(t, [
    ['public', 31],
    ['public', 2],
  ]);
  state.leftBytes = 110;
  await look();
  t.strictSame([state.gone, room.problem], [[], null]);
  state.leftBytes = 99;
  await look();
  t.strictSame(state.gone, ['cam-0']);
  t.match(refusal('public'), null, 'it is 109 now');
  state.leftBytes = 89;
  await look();
  t.match(refusal('public'), { cause: 'disk-full' });
  state.leftBytes = 101;
  await look();
  t.match(refusal('public'), { cause: 'disk-full' }, 'not much more than before');
  state.leftBytes = 130;
  await look();
  t.equal(refusal('public'), null);
});

t.test('the share that stays free is one of the quota, not of the whole disk', async (t) => {
  const { state, refusal, look } = diskWith(t, [['public', 2]], { ...SETTINGS, freePercent: 50 });
  state.leftBytes = 260;
  await look();
  t.equal(refusal('public'), null, 'half of 500 is left, and half of 1,000 is not');
  state.leftBytes = 240;
  await look();
  t.match(refusal('public'), { cause: 'disk-full' });
});

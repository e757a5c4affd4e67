import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { DAY_MS, systemClock } from '../../../../src/core/clock.ts';
import { VOLUME_FILE } from '../../../../src/platform/blobs/volume-file.ts';
import { Disk } from '../../../../src/streams/recorder/disk/disk.ts';
import { DiskMetrics } from '../../../../src/streams/recorder/disk/disk-metrics.ts';
import { DISK_OPTIONS } from '../../../../src/streams/recorder/disk/disk-options.ts';
import { RECORDED_DAYS_MIN, type RecordingClass } from '../../../../src/streams/recordings/classes.ts';
import { placeOf, type Recording } from '../../../../src/streams/recordings/recording.ts';
import { Retention } from '../../../../src/streams/recordings/retention.ts';
import { Room } from '../../../../src/streams/recordings/room/room.ts';
import { SmallDisk } from '../../../support/faults/small-disk.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { until } from '../../../support/time/until.ts';

const MiB = 1024 * 1024;
const clock = systemClock;
const observer = quietObserver();
const directory = join(await temporaryDirectory(t), 'video');
const small = SmallDisk.mount(t, directory, 24);
writeFileSync(join(directory, VOLUME_FILE), 'ours\n');
const disk = new Disk(
  {
    name: 'one',
    directory,
    clock,
    log: observer.log,
    metrics: new DiskMetrics(observer, () => []),
    identity: async () => ({ identity: 'ours' }),
    notOurs: async () => null,
    found: () => {},
  },
  { ...DISK_OPTIONS, reserveBytes: MiB },
);
t.teardown(() => disk.stop());

/** What the database would know: a file of a megabyte for each of these days. */
const kept = [10, 31, 32, 33, 34].map((age): Recording => {
  const startsAtMs = Math.round(clock.nowMs()) - age * DAY_MS;
  const file = { device: `cam-${age}`, quality: 'main', startsAtMs, endsAtMs: startsAtMs, leaseEpoch: 1 } as const;
  const about = { bytes: MiB, leadBytes: 0, sha256: '00', continuity: 'c', previousEndsAtMs: null };
  return { ...file, ...about, disk: 'one', class: 'public', isLost: false, source: 'gateway' };
});
const isThere = (file: Recording): boolean => existsSync(join(directory, placeOf(file).path));
const recordings = {
  oldest: async ({ of, beforeMs }: { of: string; beforeMs: number }, max: number) =>
    kept
      .filter((file) => file.class === of && file.startsAtMs < beforeMs && isThere(file))
      .sort((one, other) => one.startsAtMs - other.startsAtMs)
      .slice(0, max),
  pinned: async () => ({ files: 0, bytes: 0 }),
  forget: async () => {},
  dropDaysBefore: async () => {},
};
const mostDays = { public: 90, 'key-site': 90, minors: 90 };
const retention = new Retention({
  observer,
  recordings,
  leaving: { choose: async (files) => [...files] },
  disks: { ready: () => [disk] },
  leastDays: RECORDED_DAYS_MIN,
  mostDays,
});
const settings = { freeBytes: 4 * MiB, freePercent: 0, reserveBytes: MiB };
const stopped = new Set<RecordingClass>();
const whole = {
  directory,
  get room() {
    return disk.health.room;
  },
};
const room = new Room({
  clock,
  believed: clock,
  observer,
  disk: whole,
  retention,
  settings,
  quota: () => null,
  stopped,
});
const told: boolean[] = [];

t.test(
  'a real disk that fills up loses its oldest files, then its lowest class gives way, and comes back',
  async (t) => {
    await new Promise<void>((resolve) => disk.start(resolve));
    for (const file of kept) {
      const { name, path } = placeOf(file);
      const written = disk.open({ name, lead: randomBytes(MiB), share: 1 })!;
      written.close();
      t.match(await written.ended, { how: 'whole', bytes: MiB });
      disk.keep(name, path);
    }
    await until('they lie in their days', () => kept.every(isThere));
    small.fill(2.5 * MiB);
    room.start(async (holds) => void told.push(holds));
    t.teardown(() => room.stop());
    await until('room was made', () => small.freeBytes >= 4 * MiB);
    t.strictSame(
      kept.map(isThere),
      [true, true, false, false, false],
      'the oldest went, no more than was needed, and none that must be kept',
    );
    small.fill(1.5 * MiB);
    await until('all that may go went, and public places are recorded no more', () => stopped.has('public'));
    t.strictSame(kept.map(isThere), [true, false, false, false, false]);
    t.equal(disk.health.hasRoom, true, 'the disk was never full');
    await until('it is told', () => told.at(-1));
    small.free();
    await until('they are recorded again', () => !stopped.has('public') && told.at(-1) === false);
  },
);

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { PULL_TIMES } from '../../../../src/streams/pool/pull-machine.ts';
import type { GapReason } from '../../../../src/streams/recorder/camera/gaps.ts';
import type { Wanted } from '../../../../src/streams/recorder/camera/wanted.ts';
import { FIRST_DISK } from '../../../../src/streams/recorder/disk/disks.ts';
import { openRecorder } from '../../../../src/streams/recorder/open-recorder.ts';
import { placeOf, type Recording } from '../../../../src/streams/recordings/recording.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { temporaryDirectory } from '../../../support/services/services.ts';
import { othersAgree } from '../../../support/streams/media/other-readers.ts';
import { decodeFile } from '../../../support/streams/players.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { startStreams } from '../../../support/streams/streams.ts';
import { until } from '../../../support/time/until.ts';

const CAM: Wanted = { device: 'cam-1', quality: 'main' };
const ALL = { ...CAM, fromMs: 0, toMs: 8e15 };

const database = await openDatabase(t);
const bed = await startStreams(t, { times: { ...PULL_TIMES, graceMs: 500, backoffMaxMs: 500 } });
const directory = await temporaryDirectory(t);
const camera = await TestCamera.start(t);
bed.cameras.set(CAM.device, { url: camera.url });
let wanted: Wanted[] = [CAM];
let refusal: GapReason | null = null;
let unplanned: Wanted[] = [];
const LIMITS = { queueBytesMax: 64 * 1024 * 1024, reserveBytes: 0, hungMs: 1_500, slowMs: 1_500, againMs: 500 };
const begin = (of: Partial<typeof LIMITS> = {}) => {
  const { pool, observer } = bed;
  // Each life of the recorder names its own figures.
  observer.metrics.clear();
  const ownership = firstOwner();
  const limits = { ...LIMITS, ...of };
  const classOf = () => 'public' as const;
  const parts = {
    database,
    ownership,
    clock: systemClock,
    observer,
    pool,
    places: [{ name: FIRST_DISK, directory, use: 'active' as const }],
    limits,
    wanted: () => wanted,
    classOf,
    unplanned: () => unplanned,
    refusal: () => refusal,
  };
  const opened = openRecorder(parts);
  opened.recorder.start();
  return { ...opened, disk: opened.disks.of(FIRST_DISK)! };
};
const bytesOf = (one: Recording): Buffer => readFileSync(join(directory, placeOf(one).path));
const soon = () => AbortSignal.timeout(30_000);

let { recorder, recordings, gaps, disk } = begin();
t.teardown(() => recorder.stop(soon()));
const written = () => metricOf('citywatch_recorded_cameras');
async function metricOf(name: string): Promise<number> {
  const { values } = await bed.observer.metrics.getSingleMetric(name)!.get();
  return values[0]?.value ?? 0;
}

t.test('the recording of a camera plays, and its row says what it is', async (t) => {
  await until('it is recorded', async () => (await written()) === 1 && camera.plays === 1);
  await until('some seconds of it', () => bed.service.list()[0]?.state === 'live');
  await until('some of it is on the disk', () => disk.pid !== null && seconds() > 2);
  wanted = [];
  await until('its file has a row', async () => (await recordings.within(ALL, 10)).length > 0);
  const [one] = await recordings.within(ALL, 10);
  await until('it lies in its day', () => bytesOf(one!).length === one!.bytes);
  t.same((await decodeFile(bytesOf(one!))).split('\n').slice(0, 4), ['']);
  await othersAgree(t, bytesOf(one!));
  t.ok(one!.endsAtMs - one!.startsAtMs > 1_000);
  t.match(one, { previousEndsAtMs: null, leaseEpoch: 1 });
  // The first picture may have come late; no hole goes on after the end, when it was to be recorded no longer.
  const holes = await gaps.within(ALL, 10);
  t.ok(
    holes.every(({ toMs }) => toMs === one!.startsAtMs),
    JSON.stringify(holes),
  );
});

function seconds(): number {
  const at = bed.service.list()[0]?.lastFragmentAt;
  const since = bed.service.list()[0]?.since;
  return at && since ? (Date.parse(at) - Date.parse(since)) / 1_000 : 0;
}

t.test('when the process that writes is killed nothing that it wrote is lost, and the rest is a hole', async (t) => {
  const since = (await recordings.within(ALL, 10)).at(-1)!.endsAtMs + 1;
  wanted = [CAM];
  await until('it is recorded again', async () => (await written()) === 1 && seconds() > 1);
  const files = async () => await recordings.within({ ...ALL, fromMs: since }, 10);
  const killed = disk.pid!;
  process.kill(killed, 'SIGKILL');
  await until('another writes', () => disk.isReady && disk.pid !== killed);
  await until('what was whole has a row', async () => (await files()).length > 0);
  await until('it goes on', async () => seconds() > 3);
  const lastMs = Date.parse(bed.service.list()[0]!.lastFragmentAt!);
  wanted = [];
  // There may be more than two: one that was full ends by itself.
  await until('the last file has a row', async () => (await files()).at(-1)!.endsAtMs > lastMs - 2_000);
  const all = await files();
  for (const one of all) {
    await until('it lies in its day', () => bytesOf(one).length === one.bytes);
    t.equal(await decodeFile(bytesOf(one)), '');
  }
  const missing = all.slice(1).flatMap(({ startsAtMs }, index) => {
    const endMs = all[index]!.endsAtMs;
    return startsAtMs - endMs >= 2_000 ? [{ fromMs: endMs, toMs: startsAtMs, cause: 'disk-failed' }] : [];
  });
  const holes = (await gaps.within(ALL, 10)).filter(({ fromMs }) => fromMs >= all[0]!.startsAtMs);
  t.match(holes, missing);
  t.equal(holes.length, missing.length);
});

t.test('a camera that goes away leaves a hole that is told while it lasts, and over a restart', async (t) => {
  wanted = [CAM];
  await until('it is recorded again', async () => (await written()) === 1 && seconds() > 1);
  const { port } = new URL(camera.url);
  await camera.stop();
  await until('the hole is told', async () => (await gaps.within(ALL, 10)).some(({ toMs }) => toMs === null));
  await recorder.stop(soon());
  ({ recorder, recordings, gaps, disk } = begin());
  await camera.listen(Number(port));
  // One hole may end with the recorder, and another go on from there.
  const isWhole = async () => (await gaps.within(ALL, 10)).every(({ toMs }) => toMs !== null);
  await until('it ends', async () => (await written()) === 1 && seconds() > 1 && (await isWhole()));
  const last = (await gaps.within(ALL, 10)).at(-1)!;
  t.match(last, { cause: 'camera', detail: String });
  wanted = [];
  await until('the file after it has a row', async () => {
    const end = (await recordings.within(ALL, 10)).at(-1);
    return end && Math.abs(end.startsAtMs - last.toMs!) < 5;
  });
});

t.test('a camera that gives way to others is a hole with that cause, and is recorded again after it', async (t) => {
  const since = systemClock.nowMs();
  refusal = { cause: 'disk-full', detail: 'class public' };
  wanted = [CAM];
  const hole = async () => (await gaps.within({ ...ALL, fromMs: since }, 10)).at(-1);
  // A file that is found late may take its beginning, and what is left must be long enough to be a hole.
  await until('the hole is told, and lasts', async () => {
    const one = await hole();
    return one?.cause === 'disk-full' && systemClock.nowMs() - Math.max(one.fromMs, since) > 4_000;
  });
  refusal = null;
  await until('it ends', async () => (await hole())!.toMs !== null);
  wanted = [];
  await until('it was recorded', async () => (await recordings.within({ ...ALL, fromMs: since }, 10)).length > 0);
  t.match(await hole(), { cause: 'disk-full', detail: 'class public' });
});

t.test('a camera that is recorded by events has what was before from memory, and no hole while it rests', async (t) => {
  const looking = await bed.pool.lease({ deviceId: CAM.device, quality: CAM.quality, use: 'live' });
  await until('it is watched for some seconds', () => seconds() > 3);
  const since = systemClock.nowMs();
  unplanned = [CAM];
  await until(
    'it rests',
    async () => (await gaps.within({ ...ALL, fromMs: since }, 10)).at(-1)?.cause === 'not-planned',
  );
  unplanned = [];
  const eventMs = systemClock.nowMs();
  wanted = [{ ...CAM, fromMs: eventMs - 2_000 }];
  await until('it is recorded', async () => (await written()) === 1 && systemClock.nowMs() > eventMs + 1_000);
  wanted = [];
  unplanned = [CAM];
  const one = await until('it has its row', async () =>
    (await recordings.within({ ...ALL, fromMs: eventMs }, 10)).at(-1),
  );
  // From the key frame before.
  t.ok(one.startsAtMs < eventMs && one.startsAtMs > eventMs - 5_000, `${eventMs - one.startsAtMs} ms before`);
  await until('it lies in its day', () => bytesOf(one).length === one.bytes);
  t.equal(await decodeFile(bytesOf(one)), '', 'it plays');
  await until('it rests again', async () => (await gaps.within(ALL, 100)).at(-1)?.toMs === null);
  // The first rest was over within two seconds, unless the machine was busy: then it is no hole.
  t.match((await gaps.within(ALL, 100)).at(-1), { cause: 'not-planned', toMs: null });
  unplanned = [];
  await until('its plan was ended', async () => (await gaps.within(ALL, 100)).every(({ toMs }) => toMs !== null));
  looking.release();
});

t.test('a disk that hangs holds up nobody, and costs what it could not take', async (t) => {
  wanted = [CAM];
  await until('it is recorded again', async () => (await written()) === 1 && seconds() > 1);
  const hung = disk.pid!;
  const since = systemClock.nowMs();
  process.kill(hung, 'SIGSTOP');
  await until('the process that hangs is ended, and another writes', () => disk.isReady && disk.pid !== hung);
  t.equal(bed.service.list()[0]?.state, 'live', 'live video goes on');
  await until('the hole is told', async () => (await gaps.within({ ...ALL, fromMs: since }, 10)).length > 0);
  t.match(await gaps.within({ ...ALL, fromMs: since }, 10), [{ cause: 'disk-slow', detail: 'HUNG' }]);
  wanted = [];
  await until('it goes on after that', async () => (await recordings.within({ ...ALL, fromMs: since }, 10)).length > 0);
});

t.test('a disk without room, or another disk in its place, is written no more, and the hole says so', async (t) => {
  wanted = [CAM];
  const causes = [
    { of: { reserveBytes: Number.MAX_SAFE_INTEGER }, told: { cause: 'disk-failed', detail: 'ENOSPC' } },
    { of: {}, told: { cause: 'disk-away', detail: /Mount the disk/ } },
  ];
  for (const { of, told } of causes) {
    await recorder.stop(soon());
    if (told.cause === 'disk-away') rmSync(join(directory, '.citywatch-volume'));
    ({ recorder, recordings, gaps, disk } = begin(of));
    await until(told.cause, async () => {
      const open = (await gaps.within(ALL, 100)).find(({ toMs }) => toMs === null);
      return open?.cause === told.cause && open;
    });
    t.match((await gaps.within(ALL, 100)).at(-1), told);
  }
});

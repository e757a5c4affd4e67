import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../../src/core/clock.ts';
import { FIRST_DISK } from '../../../src/streams/recorder/disk/disks.ts';
import { openRecorder } from '../../../src/streams/recorder/open-recorder.ts';
import { openDatabase } from '../../support/devices/registry.ts';
import { canFailWrites, FailingWrites } from '../../support/faults/failing-writes.ts';
import { LentMount, SmallDisk } from '../../support/faults/small-disk.ts';
import { firstOwner } from '../../support/services/ownership.ts';
import { type Owner, quietObserver, temporaryDirectory } from '../../support/services/services.ts';
import { FedPool } from '../../support/streams/pool/fed-pool.ts';
import { isHonest, type RecordedBed } from '../../support/streams/recordings/honest.ts';
import { lasts } from '../../support/time/lasting.ts';
import { until } from '../../support/time/until.ts';

t.setTimeout(600_000);

const CAMERAS = Array.from({ length: 8 }, (_, number) => `cam-${number}`);
const quality = 'main';
/** Longer than a hole must be to have a row, and than a process is waited for. */
const FAULT_MS = 8_000;
const SOON_MS = 60_000;
const NO_MOUNT = LentMount.whyNot();

/** A recorder of one disk, so that nothing helps but that disk. */
async function recorderOn(owner: Owner, directory: string, again: { reserveBytes?: number } = {}) {
  const database = await openDatabase(owner);
  const fed = new FedPool(owner);
  let wanted = CAMERAS;
  const opened = openRecorder({
    database,
    ownership: firstOwner(),
    clock: systemClock,
    observer: quietObserver(),
    pool: fed.pool,
    places: [{ name: FIRST_DISK, directory, use: 'active' }],
    limits: { queueBytesMax: 8 * 1024 * 1024, reserveBytes: 0, hungMs: 2_500, slowMs: 700, againMs: 200, ...again },
    wanted: () => wanted.map((device) => ({ device, quality })),
    classOf: () => 'public',
    unplanned: () => [],
    refusal: () => null,
  });
  opened.recorder.start();
  owner.teardown(() => opened.recorder.stop(AbortSignal.timeout(20_000)));
  const record = (all: boolean): void => {
    wanted = all ? CAMERAS : [];
  };
  const bed: RecordedBed = { ...opened, cameras: CAMERAS, sentToMs: () => fed.sentToMs, record };
  const disk = opened.disks.of(FIRST_DISK)!;
  // Files that a disk did not let anybody save have other names.
  const written = () => readdirSync(join(directory, 'open')).filter((name) => name.endsWith('.mp4'));
  const areWritten = () => disk.isReady && written().length === CAMERAS.length;
  await until('all are written', areWritten, SOON_MS);
  return { ...opened, bed, disk, areWritten, fed };
}

type Recorder = Awaited<ReturnType<typeof recorderOn>>;

/** While a fault lasts live video goes on, nobody waits for the disk, and the holes are told with their cause. */
async function isBorne(t: Test, { bed, fed, gaps }: Recorder, causes: string[]): Promise<void> {
  const sentMs = fed.sentToMs;
  let turns = 0;
  const stop = systemClock.every(100, () => {
    turns += 1;
  });
  await lasts(FAULT_MS);
  stop();
  t.ok(fed.sentToMs - sentMs > FAULT_MS / 2, 'live video went on');
  // Even a machine that is busy with others has some turns left.
  t.ok(turns > FAULT_MS / 1_000, `the process that serves the API was not held: ${turns} turns`);
  const told = async () =>
    (await Promise.all(bed.cameras.map((device) => gaps.open([device])))).map((open) => [...open.values()][0]);
  await until('each camera has a hole that lasts', async () => (await told()).every((gap) => gap), SOON_MS);
  for (const gap of await told()) t.ok(gap && causes.includes(gap.cause), `${gap?.cause}`);
}

async function recovers({ areWritten, gaps, bed }: Recorder): Promise<void> {
  await until('all are written again', areWritten, SOON_MS);
  const lasting = () => gaps.open(bed.cameras);
  await until('no hole lasts', async () => (await lasting()).size === 0, SOON_MS);
}

t.test('a disk is unmounted while it is written', { skip: NO_MOUNT ?? false }, async (t) => {
  const directory = join(await temporaryDirectory(t), 'disk');
  await mkdir(directory);
  const mount = LentMount.of(t, directory, 256);
  const recorder = await recorderOn(t, directory);
  mount.takeAway();
  await isBorne(t, recorder, ['disk-away', 'disk-failed']);
  t.strictSame(readdirSync(directory), [], 'nothing is written on the disk below');
  mount.bringBack();
  await recovers(recorder);
  await isHonest(t, recorder.bed, ['stream', 'disk-away', 'disk-failed']);
});

t.test('a disk is full', { skip: NO_MOUNT ?? false }, async (t) => {
  const directory = join(await temporaryDirectory(t), 'disk');
  const small = SmallDisk.mount(t, directory, 64);
  const recorder = await recorderOn(t, directory);
  small.fill(0);
  await isBorne(t, recorder, ['disk-failed']);
  small.free();
  await recovers(recorder);
  await isHonest(t, recorder.bed, ['stream', 'disk-failed']);
});

t.test('the process that writes hangs, and so does each that follows', async (t) => {
  const directory = join(await temporaryDirectory(t), 'disk');
  const recorder = await recorderOn(t, directory);
  const { disk } = recorder;
  const stopped = new Set<number>();
  const stop = systemClock.every(50, () => {
    const { pid } = disk;
    if (pid === null || stopped.has(pid)) return;
    stopped.add(pid);
    process.kill(pid, 'SIGSTOP');
  });
  t.teardown(stop);
  await isBorne(t, recorder, ['disk-slow', 'disk-failed']);
  stop();
  await recovers(recorder);
  await isHonest(t, recorder.bed, ['stream', 'disk-slow', 'disk-failed']);
});

const NO_STRACE = canFailWrites() ? false : 'strace cannot make system calls of others fail here';

t.test('what is written fails, and a moment later it does not', { skip: NO_STRACE }, async (t) => {
  const directory = join(await temporaryDirectory(t), 'disk');
  const recorder = await recorderOn(t, directory);
  const { disk } = recorder;
  const failing = await FailingWrites.of(t, disk.pid!, 'writes', directory);
  await until('it is noticed', () => disk.health.failure === 'EIO', SOON_MS);
  await failing.end();
  t.match(recorder.disks.refusals().join(), /fails \(EIO\): look at the disk/);
  await recovers(recorder);
  await isHonest(t, recorder.bed, ['stream', 'disk-failed']);
});

t.test('nothing that is written can be made durable', { skip: NO_STRACE }, async (t) => {
  const directory = join(await temporaryDirectory(t), 'disk');
  const recorder = await recorderOn(t, directory);
  const { disk } = recorder;
  const pid = disk.pid!;
  const failing = await FailingWrites.of(t, pid, 'sync', directory);
  await until('it is noticed', () => disk.health.failure === 'EIO', SOON_MS);
  t.match(recorder.disks.refusals().join(), /fails \(EIO\): look at the disk/);
  await lasts(FAULT_MS);
  await failing.end();
  await recovers(recorder);
  await isHonest(t, recorder.bed, ['stream', 'disk-failed']);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { VirtualCamera } from '../../../../simulators/camera/camera.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { TcpOutbound } from '../../../../src/platform/outbound/tcp.ts';
import { EdgeFiller } from '../../../../src/streams/edge/edge-filler.ts';
import { EDGE_LIMITS, EdgeSource } from '../../../../src/streams/edge/edge-source.ts';
import { FIRST_DISK } from '../../../../src/streams/recorder/disk/disks.ts';
import { openRecorder } from '../../../../src/streams/recorder/open-recorder.ts';
import { GapsToAsk } from '../../../../src/streams/recordings/gaps-to-ask.ts';
import { Playback } from '../../../../src/streams/recordings/playback.ts';
import { recordedDays } from '../../../../src/streams/recordings/recorded-days.ts';
import { placeOf, type Recording } from '../../../../src/streams/recordings/recording.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { startCameras } from '../../../support/streams/cameras.ts';
import { decodeFile, streamsOf } from '../../../support/streams/players.ts';
import { FedPool } from '../../../support/streams/pool/fed-pool.ts';
import { edgeStorage } from '../../../support/streams/recordings/edge-storage.ts';
import { NO_SOUND_CODED, NOT_CODED } from '../../../support/streams/recordings/not-coded.ts';
import { TEST_NETWORK } from '../../../support/streams/streams.ts';
import { until } from '../../../support/time/until.ts';

const quality = 'main';
const database = await openDatabase(t);
const directory = await temporaryDirectory(t);
const rig = await startCameras(t);
const cameras = new Map<string, VirtualCamera>();
const addresses = new Map([
  ['with-card', '127.64.41.1'],
  ['cut-off', '127.64.41.2'],
  ['bare', '127.64.41.3'],
]);
for (const [id, address] of addresses) {
  const storage = id === 'bare' ? {} : { storage: { keepS: 600, sound: 'AAC' as const } };
  cameras.set(id, await rig.start({ id, address, ...storage }));
}
const camera = (id: string): VirtualCamera => cameras.get(id)!;

/** Cameras of which live video has all connections. */
const crowded = new Set<string>();

/** One life of a gateway, reduced to what records and fills. */
function begin() {
  const observer = quietObserver();
  const ownership = firstOwner();
  const opened = openRecorder({
    database,
    ownership,
    clock: systemClock,
    observer,
    pool: new FedPool(t).pool,
    places: [{ name: FIRST_DISK, directory, use: 'active' }],
    limits: { queueBytesMax: 64 * 1024 * 1024, reserveBytes: 0, hungMs: 5_000, slowMs: 5_000, againMs: 500 },
    wanted: () => [],
    unplanned: () => [],
    classOf: () => 'public',
    refusal: () => null,
  });
  opened.recorder.start();
  opened.recorder.wake();
  const source = new EdgeSource(
    {
      clock: systemClock,
      observer,
      tcp: new TcpOutbound({ clock: systemClock }),
      networks: [TEST_NETWORK],
      storage: edgeStorage(t, (id) => camera(id)),
      cameras: { admit: async () => null },
      hasConnection: (id) => !crowded.has(id),
      soundOf: () => true,
      coding: NO_SOUND_CODED,
    },
    { ...EDGE_LIMITS, silentMs: 3_000 },
  );
  const filler = new EdgeFiller(
    {
      ...opened,
      clock: systemClock,
      observer,
      random: () => 0,
      source,
      asked: new GapsToAsk({ database, ownership }),
      leaseEpoch: ownership.self.epoch,
      isCamera: () => true,
    },
    { everyMs: 100, settledMs: 0, pauseMs: 500 },
  );
  filler.start();
  const stop = async (): Promise<void> => {
    await filler.stop();
    await opened.recorder.stop(AbortSignal.timeout(20_000));
  };
  t.teardown(stop);
  return { ...opened, filler, source, stop };
}

const life = begin();
await until('the disk is ready', () => life.disks.of(FIRST_DISK)!.isReady);
const everOf = (device: string) => ({ device, quality, fromMs: 0, toMs: 8e15 }) as const;
const filesOf = (device: string): Promise<Recording[]> => life.recordings.within(everOf(device), 100);
const holesOf = (device: string) => life.gaps.within(everOf(device), 100);

/** A hole of the last seconds, of which the card has pictures. */
async function makeHole(device: string, lengthMs: number): Promise<{ fromMs: number; toMs: number }> {
  const { storage } = camera(device);
  const sinceMs = storage?.span?.toMs ?? systemClock.nowMs();
  const [fromMs, toMs] = [Math.round(sinceMs), Math.round(sinceMs + lengthMs)];
  if (storage) await until('the card has it', () => (storage.span?.toMs ?? 0) > toMs + 500);
  await life.gaps.write([{ device, quality, fromMs, toMs, reason: { cause: 'camera', detail: 'unreachable' } }]);
  return { fromMs, toMs };
}

async function plays(t: Test, one: Recording): Promise<void> {
  const path = join(directory, placeOf(one).path);
  await until('it lies in its day', () => readFileSync(path).length === one.bytes);
  t.equal(await decodeFile(readFileSync(path)), '');
  t.match(await streamsOf(readFileSync(path)), [{ codec: 'h264' }, { codec: 'aac' }], 'with what it heard');
}

t.test('a hole is filled with the pictures of its time, which say where they come from', async (t) => {
  await until('the card has pictures', () => camera('with-card').storage!.span !== null);
  const { fromMs, toMs } = await makeHole('with-card', 4_000);
  await until('nothing is missing', async () => (await holesOf('with-card')).length === 0);
  const files = await filesOf('with-card');
  // Two where a file of a minute is cut in between.
  t.ok(files.length === 1 || files.length === 2, `${files.length} files`);
  const [file] = files;
  t.ok(files.every(({ source }) => source === 'edge'));
  // The camera has a key frame every half second; its clock is known to half a second.
  t.ok(Math.abs(file!.startsAtMs - fromMs) < 1_500, `${file!.startsAtMs - fromMs}`);
  t.ok(Math.abs(files.at(-1)!.endsAtMs - toMs) < 1_500, `${files.at(-1)!.endsAtMs - toMs}`);
  await plays(t, file!);
  const playback = new Playback({
    clock: systemClock,
    recordings: life.recordings,
    files: { moments: async () => null },
    coded: NOT_CODED,
    gaps: life.gaps,
    readerOf: () => null,
    register: async () => {},
  });
  const line = await playback.timeline(everOf('with-card'));
  t.match(line.stretches, [{ source: 'edge', files: files.length }]);
  const days = await recordedDays(database, { devices: ['with-card'], fromMs, toMs: toMs + 1 });
  const [, recordedMs, edgeMs] = days.get('with-card')![0]!;
  t.equal(edgeMs, recordedMs, 'counted apart');
  t.ok(edgeMs > 2_500);
});

t.test('a camera whose clock is off is asked for its own times, and its pictures have ours', async (t) => {
  const { storage } = camera('with-card');
  const offsetMs = 3_600_000;
  camera('with-card').misbehave({ clockSkewMs: offsetMs });
  await until('the card has pictures of that time', () => storage!.span!.toMs - systemClock.nowMs() > offsetMs - 5_000);
  const sinceMs = systemClock.nowMs();
  await until('and six seconds of them', () => storage!.span!.toMs - offsetMs > sinceMs + 4_500);
  const fromMs = Math.round(sinceMs + 1_000);
  const hole = { device: 'with-card', quality, fromMs, toMs: fromMs + 3_000 } as const;
  const before = (await filesOf('with-card')).length;
  await life.gaps.write([{ ...hole, reason: { cause: 'gateway', detail: null } }]);
  await until('it is filled', async () => (await filesOf('with-card')).length > before);
  const file = (await filesOf('with-card'))[before]!;
  t.ok(Math.abs(file.startsAtMs - fromMs) < 1_500, `${file.startsAtMs - fromMs}`);
  camera('with-card').behave();
});

t.test('what the camera has lost itself stays a hole, and says that it was asked for', async (t) => {
  const { storage } = camera('cut-off');
  await until('the card has pictures', () => storage!.span !== null);
  const { fromMs, toMs } = await makeHole('cut-off', 7_000);
  storage!.erase(fromMs + 2_000, toMs - 2_000);
  await until('it is told', async () => (await holesOf('cut-off')).some(({ edge }) => edge?.state === 'nothing'));
  const [hole, ...more] = await holesOf('cut-off');
  t.strictSame(more, []);
  t.ok(Math.abs(hole!.fromMs - (fromMs + 2_000)) < 1_500 && Math.abs(hole!.toMs! - (toMs - 2_000)) < 1_500);
  t.ok((await filesOf('cut-off')).length >= 2, 'before it and after it');
});

t.test('a playback that is cut in the middle goes on where it was cut, and no picture is there twice', async (t) => {
  const before = (await filesOf('cut-off')).length;
  // Ten pictures a second.
  camera('cut-off').misbehave({ replayCutAfter: 50 });
  const { fromMs } = await makeHole('cut-off', 6_000);
  await until('a part of it is there', async () => (await filesOf('cut-off')).length > before);
  camera('cut-off').behave();
  await until('nothing is missing', async () => (await holesOf('cut-off')).every((hole) => hole.fromMs < fromMs));
  const files = (await filesOf('cut-off')).slice(before);
  t.ok(files.length > 1, `${files.length} files`);
  for (const [at, one] of files.entries()) {
    await plays(t, one);
    if (at > 0) t.ok(one.startsAtMs >= files[at - 1]!.endsAtMs - 50, 'none twice');
  }
});

t.test('a playback gives its connection back when live video wants it, and goes on later', async (t) => {
  const before = (await filesOf('cut-off')).length;
  camera('cut-off').misbehave({ replayEveryMs: 400 });
  const { fromMs } = await makeHole('cut-off', 6_000);
  await until('it is being asked', () => camera('cut-off').viewers.connections > 0);
  crowded.add('cut-off');
  await until('it is left alone', () => camera('cut-off').viewers.connections === 0);
  const [hole] = (await holesOf('cut-off')).filter(({ toMs }) => (toMs ?? 0) > fromMs);
  t.match(hole, { edge: null }, 'that is no failure of the camera');
  camera('cut-off').behave();
  crowded.delete('cut-off');
  await until('nothing is missing', async () => (await holesOf('cut-off')).every((one) => one.fromMs < fromMs));
  t.ok((await filesOf('cut-off')).length > before);
});

t.test('a camera that keeps nothing itself is not asked again at once, and its holes say so', async (t) => {
  await makeHole('bare', 5_000);
  await until('it is told', async () => (await holesOf('bare'))[0]?.edge?.state === 'no-storage');
  t.match((await holesOf('bare'))[0]!.edge!.detail, /no recording search/);
  t.strictSame(await filesOf('bare'), []);
  const asked = camera('bare').requests.length;
  await makeHole('bare', 4_000);
  await life.filler.look();
  await life.filler.look();
  t.equal(camera('bare').requests.length, asked);
});

t.test('pictures without the time at which they were taken are not believed', async (t) => {
  camera('with-card').misbehave({ replayTimeless: true });
  await until('the clock is right again', () => camera('with-card').storage!.span!.toMs < systemClock.nowMs() + 1_000);
  const before = (await filesOf('with-card')).length;
  const { fromMs } = await makeHole('with-card', 4_000);
  const failed = async () => (await holesOf('with-card')).find((hole) => hole.fromMs === fromMs)?.edge;
  await until('it is told', async () => (await failed())?.state === 'failed');
  t.match((await failed())!.detail, /when its pictures were taken|stopped sending/);
  t.equal((await filesOf('with-card')).length, before);
  camera('with-card').behave();
});

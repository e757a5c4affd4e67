import { createHash } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { openLocalBlobs } from '../../../../src/platform/blobs/open-local.ts';
import { TcpOutbound } from '../../../../src/platform/outbound/tcp.ts';
import { CAPTURE_LIMITS, Captures } from '../../../../src/streams/clips/captures.ts';
import type { Clip, ClipAsked } from '../../../../src/streams/clips/clip.ts';
import { keepClipsOf } from '../../../../src/streams/clips/clip-table.ts';
import { Clips } from '../../../../src/streams/clips/clips.ts';
import { ClipMaterial } from '../../../../src/streams/clips/material.ts';
import { EDGE_LIMITS, EdgeSource } from '../../../../src/streams/edge/edge-source.ts';
import { DiskReader } from '../../../../src/streams/recorder/reader/disk-reader.ts';
import { GapTable } from '../../../../src/streams/recordings/gap-table.ts';
import { Recordings } from '../../../../src/streams/recordings/recordings.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { temporaryDirectory } from '../../../support/services/services.ts';
import { startCameras } from '../../../support/streams/cameras.ts';
import { decodeFile, packetTimes } from '../../../support/streams/players.ts';
import { edgeStorage } from '../../../support/streams/recordings/edge-storage.ts';
import { NO_SOUND_CODED } from '../../../support/streams/recordings/not-coded.ts';
import { recordFilm } from '../../../support/streams/recordings/recorded-film.ts';
import { TestCamera } from '../../../support/streams/rtsp-camera.ts';
import { look, startStreams, TEST_NETWORK } from '../../../support/streams/streams.ts';
import { until } from '../../../support/time/until.ts';

const database = await openDatabase(t);
const bed = await startStreams(t);
const directory = await temporaryDirectory(t);
const ownership = firstOwner();
const camera = await TestCamera.start(t);
bed.cameras.set('cam', { url: camera.url });
const recordings = new Recordings({ database, ownership, classOf: () => 'public' as const });
const gaps = new GapTable({ database, ownership });
const captures = new Captures({ pool: bed.pool, observer: bed.observer }, CAPTURE_LIMITS);
t.teardown(() => captures.stop());
const reader = new DiskReader({ clock: systemClock, directory });
t.teardown(() => reader.stop());
let aheadMs = 0;
const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
const { observer } = bed;
const isExpected = async (): Promise<boolean> => false;
const store = { name: 'clips', directory: join(directory, 'clips'), reserveBytes: 0, database, clock, observer };
const card = await (await startCameras(t)).start({ address: '127.64.42.1', storage: { keepS: 120 } });
bed.cameras.set('with-card', { url: card.streamUrl('main'), ...card.account });
const onCard = edgeStorage(t, () => card);
const edge = new EdgeSource(
  {
    clock: systemClock,
    observer,
    tcp: new TcpOutbound({ clock: systemClock }),
    networks: [TEST_NETWORK],
    storage: {
      find: async (span, signal) =>
        span.device === 'with-card' ? onCard.find(span, signal) : { has: 'no-storage', detail: 'it is a test' },
    },
    cameras: { admit: async () => null },
    hasConnection: () => true,
    soundOf: () => false,
    coding: NO_SOUND_CODED,
  },
  EDGE_LIMITS,
);
const clips = new Clips({
  database,
  clock,
  observer,
  captures,
  material: new ClipMaterial({ clock, observer, recordings, gaps, readerOf: () => reader, edge }),
  isRecorded: ({ device }) => device === 'recorded',
  blobs: openLocalBlobs({ ...store, isExpected }),
  register: async (view) => void bed.views.push(view),
});

const ask = (of: Pick<ClipAsked, 'device' | 'fromMs' | 'toMs'> & Partial<ClipAsked>): Promise<Clip> =>
  clips.clip({
    quality: 'main',
    reason: 'theft',
    case: 'A-1',
    alert: null,
    by: { type: 'token', id: 'op-1', name: 'op-1' },
    untilMs: systemClock.nowMs() + 86_400_000,
    ...of,
  });

async function made(id: string): Promise<Clip> {
  return await until('the clip is made', async () => {
    await clips.handle(id);
    const clip = await clips.find(id);
    return clip === null || clip.state === 'waiting' ? null : clip;
  });
}

t.test('a camera that nobody pulled has no pre-roll, and its clip says so', async (t) => {
  const atMs = systemClock.nowMs();
  const { id, state } = await ask({ device: 'cam', fromMs: atMs - 10_000, toMs: atMs + 3_000 });
  t.equal(state, 'waiting');
  const clip = await made(id);
  t.equal(clip.state, 'ready');
  t.match(clip.holes[0], { fromMs: atMs - 10_000, cause: 'not-pulled', detail: 'no pre-roll: not pulled' });
  t.ok(clip.holes[0]!.toMs >= atMs - 1_000, 'nothing is there of the time before');
  t.equal(clip.file!.source, 'memory');
  const file = await clips.file(look('cam'), id);
  t.equal(bed.views.length, 1, 'the look is registered');
  t.equal(createHash('sha256').update(file).digest('hex'), clip.file!.sha256);
  t.equal(await decodeFile(file), '');
  t.equal((await packetTimes(file))[0], 0);
  await t.rejects(clips.one('other', id), { code: 'not-found' });
});

t.test('a camera that is watched has what was before in memory', async (t) => {
  const lease = await bed.service.lease(look('cam'));
  await until('some seconds are there', () => {
    const [first] = lease.pull.window.since(0);
    return first && systemClock.nowMs() - first.fragment.startsAtMs > 5_000;
  });
  const atMs = systemClock.nowMs();
  const clip = await made((await ask({ device: 'cam', fromMs: atMs - 3_000, toMs: atMs + 1_000 })).id);
  t.match(clip, { state: 'ready', holes: [], file: { source: 'memory' } });
  t.ok(clip.file!.startsAtMs <= atMs - 3_000 && clip.file!.endsAtMs >= atMs + 1_000);
  const file = await clips.file(look('cam'), clip.id);
  t.equal(await decodeFile(file), '');
  const times = await packetTimes(file);
  t.ok(Math.max(...times) > (clip.file!.endsAtMs - clip.file!.startsAtMs) / 1_000 - 0.5);
  lease.release();
});

t.test('a clip of the small picture of a camera that has one picture is made of that one', async (t) => {
  const lease = await bed.service.lease(look('cam'));
  await until('some seconds are there', () => {
    const [first] = lease.pull.window.since(0);
    return first && systemClock.nowMs() - first.fragment.startsAtMs > 5_000;
  });
  const atMs = systemClock.nowMs();
  const coming = await ask({ device: 'cam', quality: 'sub', fromMs: atMs - 3_000, toMs: atMs + 1_000 });
  t.match(await made(coming.id), { state: 'ready', holes: [], file: { source: 'memory' } });
  const past = await ask({ device: 'cam', quality: 'sub', fromMs: atMs - 3_000, toMs: atMs - 1_000 });
  t.match(await made(past.id), { state: 'ready', holes: [], file: { source: 'memory' } }, 'nor a time that is over');
  lease.release();
});

t.test('what nobody pulled comes from the card of a camera that has one', async (t) => {
  const { storage } = card;
  const sinceMs = await until('the card has some seconds', () => {
    const { span } = storage!;
    return span && span.toMs - span.fromMs > 6_000 ? span.toMs - 5_000 : null;
  });
  const fromMs = Math.round(sinceMs);
  const clip = await made((await ask({ device: 'with-card', fromMs, toMs: fromMs + 4_000 })).id);
  t.match(clip, { state: 'ready', file: { source: 'edge' } });
  t.ok(Math.abs(clip.file!.startsAtMs - fromMs) < 1_500, `${clip.file!.startsAtMs - fromMs}`);
  const file = await clips.file({ ...look('cam'), deviceId: 'with-card' }, clip.id);
  t.equal(await decodeFile(file), '');
  storage!.erase(0, Number.POSITIVE_INFINITY);
  // An empty card tells no times, so it would be asked for what it has not.
  await until('the card goes on', () => storage!.span);
  const gone = await made((await ask({ device: 'with-card', fromMs: fromMs - 60_000, toMs: fromMs - 56_000 })).id);
  t.equal(gone.state, 'failed');
  t.match(gone.holes[0]!.detail, /the camera itself has nothing of it/);
});

t.test('a time that was recorded is copied from its files, and a hole stays one', async (t) => {
  const device = 'recorded';
  const beginMs = systemClock.nowMs() - 600_000;
  const holeMs = 7_000;
  const { endsAtMs } = await recordFilm(recordings, directory, { device, startsAtMs: beginMs });
  await recordFilm(recordings, directory, { device, startsAtMs: endsAtMs + holeMs });
  const hole = { fromMs: endsAtMs, toMs: endsAtMs + holeMs };
  await gaps.write([{ device, quality: 'main', ...hole, reason: { cause: 'camera', detail: 'it was off' } }]);
  const toMs = hole.toMs + 3_000;
  const clip = await made((await ask({ device, fromMs: beginMs + 3_000, toMs, alert: 'alert-1' })).id);
  t.match(clip, { state: 'ready', file: { source: 'recording' }, holes: [{ cause: 'camera', detail: 'it was off' }] });
  t.ok(Math.abs(clip.holes[0]!.toMs - clip.holes[0]!.fromMs - holeMs) < 5);
  const file = await clips.file(look(device), clip.id);
  t.equal(await decodeFile(file), '');
  const times = await packetTimes(file);
  const jumps = times.slice(1).map((time, index) => time - times[index]!);
  t.ok(Math.abs(Math.max(...jumps) * 1_000 - holeMs) < 200, 'its pictures are as far apart as they were');

  t.test('it is cut at once as well, and the look is registered before', async (t) => {
    const [before, span] = [bed.views.length, { fromMs: beginMs + 3_000, toMs }];
    const cut = await clips.cut(look(device), span);
    t.equal(bed.views.length, before + 1);
    t.equal(await decodeFile(cut), '');
    t.same(await packetTimes(cut), times, 'as a clip of the same time');
    const lost = { fromMs: beginMs - 60_000, toMs: beginMs - 30_000 };
    await t.rejects(clips.cut(look(device), lost), { code: 'not-found' });
    for (const wrong of [
      { ...span, fromMs: toMs - 300_001 },
      { ...span, toMs: clock.nowMs() + 1_000 },
    ]) {
      await t.rejects(clips.cut(look(device), wrong), { code: 'request.invalid', issues: [{ path: 'to' }] });
    }
    t.equal(bed.views.length, before + 1, 'where nothing is shown nothing is registered');
  });

  t.test('what is neither recorded nor pulled fails, once nothing more can come', async (t) => {
    const { id } = await ask({ device, fromMs: beginMs - 60_000, toMs: beginMs - 30_000 });
    t.match(await made(id), { state: 'failed', file: null, holes: [{ cause: 'not-pulled' }] });
    await t.rejects(clips.file(look(device), id), { code: 'not-found' });
    const recent = systemClock.nowMs() - 5_000;
    const later = await ask({ device, fromMs: recent - 1_000, toMs: recent });
    t.not((await clips.handle(later.id)).again, null, 'its recording may still come');
    aheadMs = 200_000;
    t.match(await made(later.id), { state: 'failed' });
    const untilMs = clip.untilMs + 2 * 86_400_000;
    await keepClipsOf(database, 'alert-1', untilMs);
    await keepClipsOf(database, 'alert-1', untilMs - 1);
    aheadMs = 2 * 86_400_000;
    await clips.tidy(clock.nowMs());
    t.match(await clips.find(clip.id), { untilMs }, 'those of an alert are kept longer for its sake, never shorter');
    aheadMs = 4 * 86_400_000;
    await clips.tidy(clock.nowMs());
    t.equal(await clips.find(clip.id), null, 'it is kept no longer');
    aheadMs = 0;
  });
});

t.test('a time that no clip may have is refused with the reason', async (t) => {
  const atMs = systemClock.nowMs();
  for (const [fromMs, toMs, path] of [
    [atMs - 400_000, atMs, 'to'],
    [atMs + 60_000, atMs + 70_000, 'from'],
    [atMs - 1_000, atMs + 700_000, 'to'],
  ] as const) {
    await t.rejects(ask({ device: 'cam', fromMs, toMs }), { code: 'request.invalid', issues: [{ path }] });
  }
});

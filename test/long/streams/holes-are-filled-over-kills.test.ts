import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { GapTable, without } from '../../../src/streams/recordings/gap-table.ts';
import { placeOf } from '../../../src/streams/recordings/recording.ts';
import { Recordings } from '../../../src/streams/recordings/recordings.ts';
import { openDatabase } from '../../support/devices/registry.ts';
import { Gateway } from '../../support/gateway/gateway.ts';
import { untilRecordedForSeconds } from '../../support/gateway/recorded.ts';
import { firstOwner } from '../../support/services/ownership.ts';
import { temporaryDirectory } from '../../support/services/services.ts';
import { freshDatabase } from '../../support/services/shared-database.ts';
import { startCameras } from '../../support/streams/cameras.ts';
import { decodeFile } from '../../support/streams/players.ts';
import { lasts } from '../../support/time/lasting.ts';
import { until } from '../../support/time/until.ts';

const CAMERA = 'cam-1';
const EVER = { device: CAMERA, quality: 'main', fromMs: 0, toMs: 8e15 } as const;
const KILLS = 3;
/** The gateway is away for so long; its hole is fetched for a third of that, as the card is slow. */
const AWAY_MS = 40_000;
const CARD_MS = 35;
/** A hole is asked for a minute after its end. */
const ASKED_MS = 150_000;
/** Of one source pictures are an exact time apart; the clocks of camera and gateway are known to half a second. */
const APART_MS = { edge: 50, sources: 1_500 };

// Each hole waits for its minute.
t.setTimeout(900_000);

t.test('a hole is filled once, however often the whole gateway is killed while it fetches it', async (t) => {
  const bed = await start(t);
  const { gateway, gaps, disk } = bed;
  await untilRecordedForSeconds(gateway);
  await gateway.stop('SIGKILL');
  await lasts(AWAY_MS);
  await gateway.start();
  const told = async (): Promise<Hole | null> => {
    const found = (await gaps.within(EVER, 100)).find((one) => (one.toMs ?? 0) - one.fromMs > AWAY_MS / 2);
    return found ? { fromMs: found.fromMs, toMs: found.toMs! } : null;
  };
  const hole = await until('the hole is told', told, ASKED_MS);
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const bytes = openBytes(disk, hole);
    await until('it fetches', () => openBytes(disk, hole) > bytes, ASKED_MS);
    await gateway.stop('SIGKILL');
    await isHonest(t, bed, { hole, when: `after kill ${kill}` });
    await gateway.start();
  }
  const isFilled = async () => (await gaps.within({ ...EVER, ...hole }, 100)).length === 0;
  await until('nothing of it is missing', isFilled, ASKED_MS);
  t.equal((await gateway.api('POST', `/devices/${CAMERA}/recording`, { body: { mode: 'off' } })).status, 204);
  await isHonest(t, bed, { hole, when: 'in the end' });
  await allPlay(t, bed, hole);
  const span = `from=${new Date(hole.fromMs).toISOString()}&to=${new Date(hole.toMs).toISOString()}`;
  const line = await gateway.get(`/streams/${CAMERA}/recordings?${span}`);
  t.ok(line.stretches.some(({ source }: { source: string }) => source === 'edge'));
  t.strictSame(line.gaps, []);
});

type Hole = Record<'fromMs' | 'toMs', number>;

/** A gateway that records a camera with a slow card, and its rows as another reads them. */
async function start(t: Test) {
  const disk = join(await temporaryDirectory(t), 'disk');
  mkdirSync(disk);
  const { url } = await freshDatabase(t);
  const gateway = await Gateway.start(t, {
    DATABASE_URL: url,
    CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
    CITYWATCH_RECORDINGS_DIR: disk,
  });
  const database = await openDatabase(t, url);
  const ownership = firstOwner();
  const gaps = new GapTable({ database, ownership });
  const recordings = new Recordings({ database, ownership, classOf: () => 'public' });
  const rig = await startCameras(t);
  const camera = await rig.start({ id: CAMERA, address: '127.64.76.1', storage: { keepS: 900 } });
  camera.misbehave({ replayEveryMs: CARD_MS });
  await gateway.register({ id: CAMERA, kind: 'camera', onvif: { xaddr: camera.xaddr, ...camera.account } });
  t.equal((await gateway.api('POST', `/devices/${CAMERA}/recording`, { body: { mode: 'always' } })).status, 204);
  return { gateway, disk, gaps, files: () => recordings.within(EVER, 500) };
}

type Bed = Awaited<ReturnType<typeof start>>;

/** Bytes that are open of what lies within the hole. */
function openBytes(disk: string, hole: Hole): number {
  const names = readdirSync(join(disk, 'open')).filter((name) => {
    const beganMs = Number(/^(\d+)-/.exec(name)?.[1]);
    return beganMs >= hole.fromMs - APART_MS.sources && beganMs < hole.toMs;
  });
  return names.reduce((sum, name) => sum + sizeOf(join(disk, 'open', name)), 0);
}

/** Every moment of the hole has one file of the camera, or is told to be missing. */
async function isHonest(t: Test, { files, gaps }: Bed, { hole, when }: { hole: Hole; when: string }): Promise<void> {
  const rows = await files();
  const left = (await gaps.within(EVER, 100)).map((one) => ({ startsAtMs: one.fromMs, endsAtMs: one.toMs ?? 8e15 }));
  t.strictSame(without(hole, [...rows, ...left]), [], `${when}: what is missing has its row`);
  const edge = rows.filter(({ source }) => source === 'edge');
  for (const [at, one] of edge.slice(1).entries()) {
    t.ok(one.startsAtMs >= edge[at]!.endsAtMs - APART_MS.edge, `${when}: nothing was fetched twice`);
  }
}

/** Every listed file is whole, lies in its day and plays, and no moment has two. */
async function allPlay(t: Test, { files, disk }: Bed, hole: Hole): Promise<void> {
  const all = await until('every file lies in its day', async () => {
    const rows = await files();
    return rows.every((one) => sizeOf(join(disk, placeOf(one).path)) === one.bytes) ? rows : null;
  });
  const inHole = all.filter(({ source, startsAtMs }) => source === 'edge' && startsAtMs < hole.toMs);
  t.ok(inHole.length >= 2, `fetched in ${inHole.length} files`);
  for (const one of all) {
    const data = readFileSync(join(disk, placeOf(one).path));
    t.equal(createHash('sha256').update(data).digest('hex'), one.sha256);
    t.equal(await decodeFile(data), '', `${one.source} from ${new Date(one.startsAtMs).toISOString()} plays`);
  }
  const sorted = [...all].sort((one, other) => one.startsAtMs - other.startsAtMs);
  for (const [at, one] of sorted.slice(1).entries()) {
    t.ok(one.startsAtMs >= sorted[at]!.endsAtMs - APART_MS.sources, 'no moment has two files');
  }
}

/** Of a file; 0 where it is not there, or no longer. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

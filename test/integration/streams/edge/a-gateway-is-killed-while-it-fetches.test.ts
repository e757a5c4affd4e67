import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { GapTable, without } from '../../../../src/streams/recordings/gap-table.ts';
import { placeOf } from '../../../../src/streams/recordings/recording.ts';
import { Recordings } from '../../../../src/streams/recordings/recordings.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { temporaryDirectory } from '../../../support/services/services.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { startCameras } from '../../../support/streams/cameras.ts';
import { decodeFile } from '../../../support/streams/players.ts';
import { fillerLife } from '../../../support/streams/recordings/filler-life.ts';
import { until } from '../../../support/time/until.ts';

const HOST = join(import.meta.dirname, '../../../support/streams/recordings/filler-host.ts');
const KILLS = 3;
const LENGTH_MS = 9_000;
const CAM = { device: 'cam-1', quality: 'main' } as const;
const EVER = { ...CAM, fromMs: 0, toMs: 8e15 };

t.test('a gateway is killed again and again while it fetches what a camera kept itself', async (t) => {
  const { url } = await freshDatabase(t);
  const database = await openDatabase(t, url);
  const directory = await temporaryDirectory(t);
  const rig = await startCameras(t);
  const { storage, xaddr, account } = await rig.start({
    id: CAM.device,
    address: '127.64.45.1',
    storage: { keepS: 600 },
  });
  const ownership = firstOwner();
  const gaps = new GapTable({ database, ownership });
  const recordings = new Recordings({ database, ownership, classOf: () => 'public' });
  await until('the card has pictures', () => storage!.span !== null);
  const fromMs = Math.round(storage!.span!.fromMs + 500);
  const toMs = fromMs + LENGTH_MS;
  await until('the card has all of it', () => storage!.span!.toMs > toMs + 500, 60_000);
  await gaps.write([{ ...CAM, fromMs, toMs, reason: { cause: 'camera', detail: 'unreachable' } }]);

  /** Every moment of the hole has a file or is told to be missing, and none has two files. */
  const isHonest = async (when: string): Promise<void> => {
    const files = await recordings.within(EVER, 100);
    const holes = (await gaps.within(EVER, 100)).map((hole) => ({ startsAtMs: hole.fromMs, endsAtMs: hole.toMs! }));
    t.strictSame(without({ fromMs, toMs }, [...files, ...holes]), [], `${when}: what is missing has its row`);
    for (const [at, one] of files.entries()) {
      const before = files[at - 1];
      t.ok(!before || one.startsAtMs >= before.endsAtMs - 50, `${when}: nothing is there twice`);
    }
  };

  const place = { directory, camera: { xaddr, account } };
  const openBytes = (): number => {
    try {
      const names = readdirSync(join(directory, 'open'));
      return names.reduce((sum, name) => sum + statSync(join(directory, 'open', name)).size, 0);
    } catch {
      // There is no such folder yet, or the file was closed in this moment.
      return 0;
    }
  };
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const host = fork(HOST, [JSON.stringify({ url, ...place })], { stdio: 'ignore' });
    const gone = once(host, 'exit');
    const isFilled = async () => (await gaps.within(EVER, 1)).length === 0;
    await until('it fetches, or has all', async () => openBytes() > 0 || (await isFilled()), 60_000);
    host.kill('SIGKILL');
    await gone;
    await isHonest(`after kill ${kill}`);
  }
  await fillerLife(t, { database, ...place });
  await until('nothing is missing', async () => (await gaps.within(EVER, 1)).length === 0, 60_000);
  await isHonest('in the end');
  const files = await recordings.within(EVER, 100);
  t.ok(files.length > 0 && files.every(({ source }) => source === 'edge'));
  for (const one of files) {
    const path = join(directory, placeOf(one).path);
    await until('it lies in its day', () => readFileSync(path).length === one.bytes);
    t.equal(await decodeFile(readFileSync(path)), '', 'and plays');
  }
});

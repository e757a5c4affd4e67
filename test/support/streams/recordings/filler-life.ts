import { systemClock } from '../../../../src/core/clock.ts';
import type { Database } from '../../../../src/platform/database/database.ts';
import { TcpOutbound } from '../../../../src/platform/outbound/tcp.ts';
import { EdgeFiller } from '../../../../src/streams/edge/edge-filler.ts';
import { EDGE_LIMITS, EdgeSource } from '../../../../src/streams/edge/edge-source.ts';
import type { CameraPool } from '../../../../src/streams/pool/camera-pool.ts';
import { FIRST_DISK } from '../../../../src/streams/recorder/disk/disks.ts';
import { openRecorder } from '../../../../src/streams/recorder/open-recorder.ts';
import { GapsToAsk } from '../../../../src/streams/recordings/gaps-to-ask.ts';
import { nextOwner } from '../../services/ownership.ts';
import { type Owner, quietObserver } from '../../services/services.ts';
import { TEST_NETWORK } from '../streams.ts';
import { edgeStorage, type StorageAddress } from './edge-storage.ts';
import { NO_SOUND_CODED } from './not-coded.ts';

/** One life of a gateway, reduced to what fills holes of recordings from cameras' own storage. */
export async function fillerLife(
  t: Owner,
  { database, directory, camera }: { database: Database<never>; directory: string; camera: StorageAddress },
) {
  const ownership = await nextOwner(database);
  const observer = quietObserver();
  const opened = openRecorder({
    database,
    ownership,
    clock: systemClock,
    observer,
    // Nothing is recorded as it comes.
    pool: { lease: () => Promise.reject(new Error('nothing is pulled')) } as Pick<CameraPool, 'lease'>,
    places: [{ name: FIRST_DISK, directory, use: 'active' }],
    limits: { queueBytesMax: 64 * 1024 * 1024, reserveBytes: 0, hungMs: 5_000, slowMs: 5_000, againMs: 500 },
    wanted: () => [],
    unplanned: () => [],
    classOf: () => 'public',
    refusal: () => null,
  });
  const source = new EdgeSource(
    {
      clock: systemClock,
      observer,
      tcp: new TcpOutbound({ clock: systemClock }),
      networks: [TEST_NETWORK],
      storage: edgeStorage(t, () => camera),
      cameras: { admit: async () => null },
      hasConnection: () => true,
      soundOf: () => false,
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
  opened.recorder.start();
  opened.recorder.wake();
  filler.start();
  t.teardown(async () => {
    await filler.stop();
    await opened.recorder.stop(AbortSignal.timeout(20_000));
  });
  return opened;
}

import { systemRandom } from '../../../core/random.ts';
import type { DeviceId } from '../../../core/types.ts';
import { askStorage } from '../../../devices/onvif/services/storage.ts';
import { TcpOutbound } from '../../../platform/outbound/tcp.ts';
import { EDGE_FILLING, EdgeFiller } from '../../../streams/edge/edge-filler.ts';
import { EDGE_LIMITS, EdgeSource, type EdgeStorage } from '../../../streams/edge/edge-source.ts';
import type { TranscodeBudget } from '../../../streams/ffmpeg/transcode-budget.ts';
import type { CameraPool } from '../../../streams/pool/camera-pool.ts';
import type { StreamPlans } from '../../../streams/pool/stream-plans.ts';
import type { CameraSource } from '../../../streams/pool/types.ts';
import type { openRecorder } from '../../../streams/recorder/open-recorder.ts';
import { GapsToAsk } from '../../../streams/recordings/gaps-to-ask.ts';
import type { Devices } from '../devices/devices.ts';
import type { Ground } from '../ground/ground.ts';

export interface EdgeParts {
  pool: Pick<CameraPool, 'list' | 'sockets' | 'spawner'>;
  transcodes: TranscodeBudget;
  /** How many connections each camera allows. */
  plans: Pick<StreamPlans, 'of'>;
  admit: CameraSource['admit'];
}

/** For one question to a camera. */
const ANSWER_MS = 8_000;

/** What cameras keep themselves, as it is asked for. */
export function composeEdgeSource(
  ground: Ground,
  devices: Devices,
  { pool, transcodes, plans, admit }: EdgeParts,
): EdgeSource {
  const { clock, observer, config } = ground;
  const pulls = (id: DeviceId): number => pool.list().filter(({ deviceId }) => deviceId === id).length;
  return new EdgeSource(
    {
      clock,
      observer,
      tcp: new TcpOutbound({ clock }),
      networks: config.networks.cameras,
      storage: storageOf(ground, devices),
      cameras: { admit },
      hasConnection: (id) => pulls(id) < plans.of(id).connectionsMax,
      soundOf: (id) => config.stream.sound === 'by-camera' && plans.of(id).sound,
      coding: { sockets: pool.sockets, spawner: pool.spawner, transcodes },
    },
    EDGE_LIMITS,
  );
}

/** Fills holes of recordings from there. */
export function composeFiller(
  ground: Ground,
  source: EdgeSource,
  { recordings, gaps, disks, notes, isCamera }: ReturnType<typeof openRecorder> & { isCamera(id: DeviceId): boolean },
): EdgeFiller {
  const { clock, observer, database, ownership } = ground;
  return new EdgeFiller(
    {
      clock,
      observer,
      random: systemRandom,
      source,
      asked: new GapsToAsk({ database, ownership }),
      recordings,
      gaps,
      disks,
      notes,
      leaseEpoch: ownership.self.epoch,
      isCamera,
    },
    EDGE_FILLING,
  );
}

function storageOf({ cameras }: Ground, { connections }: Devices): EdgeStorage {
  return {
    async find({ device, ...asked }, signal) {
      const access = await connections.onvifAccess(device);
      if (access === null) return { has: 'no-storage', detail: 'It is registered without an ONVIF address.' };
      return await askStorage(access, cameras.machines, asked, { deadlineMs: ANSWER_MS, signal });
    },
  };
}

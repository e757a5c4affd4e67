import type { StreamService } from '../../../streams/live/service.ts';
import type { CameraPool } from '../../../streams/pool/camera-pool.ts';
import { openRecorder } from '../../../streams/recorder/open-recorder.ts';
import { RecordingPlans } from '../../../streams/recorder/plans.ts';
import { Playback } from '../../../streams/recordings/playback.ts';
import { Retention } from '../../../streams/recordings/retention.ts';
import type { Devices } from '../devices/devices.ts';
import type { Ground } from '../ground/ground.ts';

interface Video {
  pool: CameraPool;
  streams: StreamService;
}

/** What is recorded of cameras, what was, and what removes it when its time has come. */
export async function openRecordings(ground: Ground, devices: Devices, { pool, streams }: Video) {
  const { config, clock, place, lifecycle, database } = ground;
  const directory = config.recordings.directory ?? (await place.directory('recordings'));
  const { directory: registered, kinds } = devices;
  const isCamera = (id: string): boolean => {
    const entry = registered.get(id);
    return entry !== undefined && entry.state !== 'retired' && kinds.latest(entry.identity.kind)?.stream === true;
  };
  const plans = new RecordingPlans({ database, clock, isCamera });
  await plans.load();
  const opened = openRecorder({ ...ground, pool, directory, wanted: (atMs) => plans.wanted(atMs) });
  const { recorder, recordings, gaps, disk } = opened;
  const retention = new Retention({ clock, recordings, disk, keepDays: config.recordings.keepDays });
  const register = streams.registered.bind(streams);
  return {
    port: { plans, playback: new Playback({ clock, recordings, gaps, directory, register }) },
    disk,
    tidy: () => retention.tidy(),
    start(): void {
      recorder.start();
      lifecycle.onStop('recorder', (signal) => recorder.stop(signal));
    },
  };
}

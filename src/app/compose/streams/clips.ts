import { openLocalBlobs } from '../../../platform/blobs/open-local.ts';
import { ROOM_BYTES } from '../../../platform/files/disks.ts';
import { CAPTURE_LIMITS, Captures } from '../../../streams/clips/captures.ts';
import { isClipKept } from '../../../streams/clips/clip-table.ts';
import { CLIPS_QUEUE, Clips, type ClipsDeps } from '../../../streams/clips/clips.ts';
import type { CameraPool } from '../../../streams/pool/camera-pool.ts';
import type { RecordingPlans } from '../../../streams/recorder/plan/plans.ts';
import type { Ground } from '../ground/ground.ts';

interface Recorded extends Pick<ClipsDeps, 'recordings' | 'gaps' | 'directory' | 'register'> {
  pool: CameraPool;
  plans: RecordingPlans;
}

/** Clips of cameras, and where their files are. */
export async function openClips(ground: Ground, { pool, plans, ...recorded }: Recorded) {
  const { clock, database, observer, place, lifecycle, work } = ground;
  const blobs = openLocalBlobs({
    name: 'clips',
    directory: await place.directory('clips'),
    reserveBytes: ROOM_BYTES.evidence,
    database,
    clock,
    observer,
    isExpected: () => isClipKept(database),
  });
  const captures = new Captures({ pool, observer }, CAPTURE_LIMITS);
  const clips = new Clips({
    ...recorded,
    database,
    clock,
    observer,
    captures,
    blobs,
    isRecorded: ({ device, quality }) =>
      plans.wanted(clock.nowMs()).some((one) => one.device === device && one.quality === quality),
  });
  work.handle(CLIPS_QUEUE, (id) => clips.handle(id), { atOnce: 2 });
  return {
    clips,
    blobs,
    async start(): Promise<void> {
      lifecycle.onStop('clips', () => captures.stop());
      await clips.start();
    },
  };
}

import type { ClipsPort } from '../../../alerts/evidence/clips-port.ts';
import { EVIDENCE_PURPOSE } from '../../../alerts/evidence/evidence.ts';
import { SYSTEM } from '../../../devices/cameras/setup.ts';
import { openLocalBlobs } from '../../../platform/blobs/open-local.ts';
import { ROOM_BYTES } from '../../../platform/files/disks.ts';
import { CAPTURE_LIMITS, Captures } from '../../../streams/clips/captures.ts';
import { isClipKept, keepClipsOf } from '../../../streams/clips/clip-table.ts';
import { CLIP_KEPT_MS, CLIPS_QUEUE, Clips, type ClipsDeps } from '../../../streams/clips/clips.ts';
import { ClipMaterial, type ClipMaterialDeps } from '../../../streams/clips/material.ts';
import type { CameraPool } from '../../../streams/pool/camera-pool.ts';
import type { RecordingPlans } from '../../../streams/recorder/plan/plans.ts';
import type { Ground } from '../ground/ground.ts';

/** What clips are made of. */
export interface RecordedForClips
  extends Pick<ClipsDeps, 'register'>,
    Pick<ClipMaterialDeps, 'recordings' | 'gaps' | 'readerOf' | 'edge'> {
  pool: CameraPool;
  plans: RecordingPlans;
}

/** Clips of cameras, and where their files are. */
export async function openClips(ground: Ground, { pool, plans, ...recorded }: RecordedForClips) {
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
  const material = new ClipMaterial({ clock, observer, ...recorded });
  const clips = new Clips({
    register: recorded.register,
    material,
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
    ofAlerts: clipsOfAlerts(clips, { plans, clock, register: recorded.register }),
    async start(): Promise<void> {
      lifecycle.onStop('clips', () => captures.stop());
      await clips.start();
    },
  };
}

interface OfAlerts extends Pick<ClipsDeps, 'clock' | 'register'> {
  plans: RecordingPlans;
}

/** Clips as alerts ask for them: of the picture that is recorded, else of the main one. */
function clipsOfAlerts(clips: Clips, { plans, clock, register }: OfAlerts): ClipsPort {
  const { type, id: viewerId, name } = SYSTEM;
  const by = { type, id: viewerId, name };
  return {
    ask: async (id, { camera: device, fromMs, toMs, alert }) => {
      const plan = plans.of(device);
      const quality = plan.mode === 'off' ? 'main' : plan.quality;
      await register({ deviceId: device, quality, use: 'alert', viewer: by, purpose: EVIDENCE_PURPOSE, case: alert });
      const untilMs = clock.nowMs() + CLIP_KEPT_MS;
      await clips.clip({ device, quality, fromMs, toMs, reason: 'alert', case: alert, alert, by, untilMs }, { id });
    },
    find: async (id) => {
      const clip = await clips.find(id);
      if (!clip) return null;
      const { state, file, holes, fromMs, toMs } = clip;
      const [hole] = holes;
      return {
        state,
        startsAtMs: file?.startsAtMs ?? fromMs,
        endsAtMs: file?.endsAtMs ?? toMs,
        sha256: file?.sha256 ?? null,
        source: file?.source ?? null,
        missing: hole ? (hole.detail ?? hole.cause) : null,
      };
    },
    bytes: (id) => clips.bytes(id),
    keep: keepClipsOf,
  };
}

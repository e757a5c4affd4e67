import type { CameraPool } from '../../../streams/pool/camera-pool.ts';
import type { RecordingPlans } from '../../../streams/recorder/plan/plans.ts';
import { Pins } from '../../../streams/recordings/pins.ts';
import type { Ground } from '../ground/ground.ts';
import { openClips, type RecordedForClips } from './clips.ts';
import { openExports, type RecordedForExports } from './exports.ts';

interface Recorded extends RecordedForClips, Omit<RecordedForExports, 'pins'> {
  pool: CameraPool;
  plans: RecordingPlans;
}

/** What is kept apart of what cameras see: pins, clips, and signed copies. */
export async function openKept(ground: Ground, recorded: Recorded) {
  const pins = new Pins(ground);
  const { clips, blobs, ofAlerts, start } = await openClips(ground, recorded);
  const exports = await openExports(ground, { ...recorded, pins });
  const tidy = async (nowMs: number): Promise<void> => {
    await clips.tidy(nowMs);
    await exports.tidy(nowMs);
  };
  return { port: { pins, clips, exports }, blobs, ofAlerts, tidy, start };
}

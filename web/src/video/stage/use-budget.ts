import { signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { every } from '../../ticker.ts';
import { type Applicant, DecoderBudget, granted, limitsOf } from './budget.ts';

const LOOK_MS = 5_000;

const budget = new DecoderBudget(limitsOf(navigator.hardwareConcurrency || 2));
const units = signal(budget.units);

/** Which of these pictures move: as many as this computer follows. */
export function useBudget(applicants: readonly Applicant[]): ReadonlySet<string> {
  const key = applicants.map(({ key: one, cost }) => `${one} ${cost}`).join();
  const { keys, used } = useMemo(() => granted(applicants, units.value), [key, units.value]);
  useEffect(() => {
    const counted = new WeakMap<HTMLVideoElement, VideoPlaybackQuality>();
    return every(LOOK_MS, () => {
      budget.judge({ used, ...picturesSince(counted) }, performance.now());
      units.value = budget.units;
    });
  }, [used]);
  return keys;
}

/** Pictures of the wall that were due since the last look, and those of them that were left out. */
function picturesSince(counted: WeakMap<HTMLVideoElement, VideoPlaybackQuality>): { due: number; lost: number } {
  const sum = { due: 0, lost: 0 };
  for (const video of document.querySelectorAll<HTMLVideoElement>('.video-stage video')) {
    const now = video.getVideoPlaybackQuality();
    const before = counted.get(video);
    counted.set(video, now);
    // A stream that began anew counts from nothing.
    if (!before || now.totalVideoFrames < before.totalVideoFrames) continue;
    sum.due += now.totalVideoFrames - before.totalVideoFrames;
    sum.lost += Math.max(0, now.droppedVideoFrames - before.droppedVideoFrames);
  }
  return sum;
}

import { type CameraGroup, planStorage, type StoragePlan, sizeText } from './planner.ts';

/** How much room recordings have. */
export interface GivenRoom {
  /** What they may take; null where nobody says. */
  quotaBytes: number | null;
  /** Of their disks, all together; null while they are not known. */
  diskBytes: number | null;
}

/** Both without a full stop. */
export interface LackOfRoom {
  of: 'quota' | 'disk';
  what: string;
  remedy: string;
}

export interface Capacity {
  plan: StoragePlan;
  /** The quota as it counts: none where it could not hold what the law asks for. */
  quotaBytes: number | null;
  lacks: LackOfRoom[];
}

const FEWER = 'record fewer cameras, at fewer hours or with the small picture';

/**
 * Holds the room that there is against what the cameras need that are to be recorded, each for the least of its class.
 * A quota that cannot hold that is refused: it does not count, because what the law asks for is not given up for it.
 */
export function judgeCapacity(groups: readonly CameraGroup[], { quotaBytes, diskBytes }: GivenRoom): Capacity {
  const plan = planStorage(groups);
  const { neededBytes, cameras } = plan;
  const whose = cameras === 1 ? '1 camera needs' : `${cameras} cameras need`;
  const needed = `${whose} ${sizeText(neededBytes)} for the least days of their classes`;
  const lacks: LackOfRoom[] = [];
  const isRefused = quotaBytes !== null && quotaBytes < neededBytes;
  if (isRefused) {
    const what = `is refused and does not count: ${needed}, it gives ${sizeText(quotaBytes)}`;
    lacks.push({
      of: 'quota',
      what: `CITYWATCH_RECORDINGS_QUOTA_GIB ${what}`,
      remedy: `Raise or remove it, or ${FEWER}`,
    });
  }
  if (diskBytes !== null && diskBytes < neededBytes) {
    const what = `The disk of recordings is too small: ${needed}, it has ${sizeText(diskBytes)}`;
    lacks.push({ of: 'disk', what, remedy: `Use a larger one, or ${FEWER}` });
  }
  return { plan, quotaBytes: isRefused ? null : quotaBytes, lacks };
}

import type { DeviceId } from '../../../core/types.ts';
import type { StandingPlan } from '../../recorder/plan/plans.ts';
import { weekOf } from '../../recorder/plan/schedule.ts';
import type { KeptDays, RecordingClass } from '../classes.ts';
import type { CameraGroup } from './planner.ts';

/** Until a camera was measured, bit/s: what city plans reckon with, and a small picture of the same camera. */
const ASSUMED_BITS = { main: 4e6, sub: 1e6 } as const;

export interface GroupsInput {
  plans: Iterable<StandingPlan>;
  isCamera(id: DeviceId): boolean;
  classOf(id: DeviceId): RecordingClass;
  /** Bits per second as they were measured, by `device quality`. */
  rates: ReadonlyMap<string, number>;
  days: KeptDays;
}

/** The cameras that are to be recorded, those together that are alike; their bit rate is the mean. */
export function groupsOf({ plans, isCamera, classOf, rates, days }: GroupsInput): CameraGroup[] {
  const groups = new Map<string, CameraGroup>();
  for (const { device, plan } of plans) {
    if (!isCamera(device)) continue;
    const of = classOf(device);
    const hoursPerDay = plan.mode === 'schedule' ? hoursOf(plan) : 24;
    const bits = rates.get(`${device} ${plan.quality}`) ?? ASSUMED_BITS[plan.quality];
    const key = `${of} ${plan.quality} ${hoursPerDay}`;
    const group = groups.get(key) ?? { of, cameras: 0, bitsPerSecond: 0, hoursPerDay, days: days[of], edgePercent: 0 };
    groups.set(key, group);
    group.bitsPerSecond = (group.bitsPerSecond * group.cameras + bits) / (group.cameras + 1);
    group.cameras += 1;
  }
  return [...groups.values()];
}

function hoursOf({ hours }: { hours: Parameters<typeof weekOf>[0] }): number {
  const week = weekOf(hours);
  const minutes = week.flat().reduce((sum, [begin, end]) => sum + end - begin, 0);
  return minutes / 60 / week.length;
}

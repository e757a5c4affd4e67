import type { DeviceId, DeviceState } from '../../core/types.ts';
import { type RawBuilder, sql } from '../../platform/database/database.ts';
import { HEALTHS, type Health } from '../health/judge.ts';
import type { Asked } from '../health/tally.ts';
import { isStanding } from '../life/life.ts';

/** How devices are at the moment, from memory. Each that stands has one health. */
export interface HealthPort {
  healthCounts(asked: Asked): Record<Health, number>;
  ids(asked: Asked, healths: readonly Health[]): Iterable<DeviceId>;
  /** Null for a device that does not stand. */
  healthOf(id: DeviceId): Health | null;
  /** Tells from now on of each device whose health is another one; `judged` must not throw. */
  follow(judged: (id: DeviceId, health: Health | null) => void): void;
}

/** What a row of `device_search`, which the statement calls `d`, must fulfil to have this health. */
export function hasHealth(port: HealthPort, asked: Asked, health: Health): RawBuilder<boolean> {
  const counts = port.healthCounts(asked);
  const others = HEALTHS.filter((other) => other !== health);
  // The shorter list goes along; those that are planned or retired are in neither.
  const isRare = counts[health] <= others.reduce((sum, other) => sum + counts[other], 0);
  return isRare ? among([...port.ids(asked, [health])]) : sql<boolean>`not ${among([...port.ids(asked, others)])}`;
}

/** A list in a query of its own is hashed; `any` walks along it for each row wherever a plan is used again. */
function among(ids: readonly DeviceId[]): RawBuilder<boolean> {
  return sql<boolean>`(d.id in (select unnest(${ids}::text[])))`;
}

/** Whether devices of this state have a health at all. */
export function hasAnyHealth(state: string | undefined): boolean {
  return state !== undefined && isStanding(state as DeviceState);
}

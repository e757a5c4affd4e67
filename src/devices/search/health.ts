import type { DeviceId, DeviceState } from '../../core/types.ts';
import { type RawBuilder, sql } from '../../platform/database/database.ts';
import type { Health } from '../health/judge.ts';
import { isStanding } from '../life/life.ts';

/** How devices are at the moment, from memory. */
export interface HealthPort {
  /** Null for a device that does not stand. */
  healthOf(id: DeviceId): Health | null;
  ids(): Iterable<DeviceId>;
}

/** What a row of `device_search`, which the statement calls `d`, must fulfil to have this health. */
export function hasHealth({ healthOf, ids }: HealthPort, health: Health): RawBuilder<boolean> {
  const having: DeviceId[] = [];
  const others: DeviceId[] = [];
  for (const id of ids()) {
    const now = healthOf(id);
    if (now !== null) (now === health ? having : others).push(id);
  }
  // The shorter list goes along; those that are planned or retired are in neither.
  if (having.length <= others.length) return sql<boolean>`d.id = any (${having}::text[])`;
  return sql<boolean>`d.id <> all (${others}::text[])`;
}

/** Whether devices of this state have a health at all. */
export function hasAnyHealth(state: string | undefined): boolean {
  return state !== undefined && isStanding(state as DeviceState);
}

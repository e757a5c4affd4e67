import type { DeviceId, DeviceState } from '../../core/types.ts';
import { type RawBuilder, sql } from '../../platform/database/database.ts';
import { HEALTHS, type Health } from '../health/judge.ts';
import type { Asked } from '../health/tally.ts';
import { isStanding } from '../life/life.ts';

/** How devices are at the moment, from memory. Each that stands has one health. */
export interface HealthPort {
  healthCounts(asked: Asked): Record<Health, number>;
  ids(asked: Asked, healths: readonly Health[]): Iterable<DeviceId>;
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

/** How devices of a list are counted by health. */
export interface ToldHealths {
  /** Of all that is asked for, where memory alone can say it. */
  known: { value: Health; count: number }[] | null;
  /** The health of a row `d`, as a place in `others`; any other number for what is as most are. */
  by: RawBuilder<number> | null;
  others: Health[];
  most: Health;
}

/**
 * Has the devices that are not as most are, in a city few, told apart by lists of their ids. `isAll`: nothing but the
 * area and the kind is asked for.
 */
export function tellHealths(port: HealthPort, asked: Asked, isAll: boolean): ToldHealths {
  const counts = port.healthCounts(asked);
  const [most, ...others] = [...HEALTHS].sort((one, other) => counts[other] - counts[one]) as [Health, ...Health[]];
  const known = HEALTHS.map((value) => ({ value, count: counts[value] }));
  if (isAll) return { known, by: null, others, most };
  const [second, ...rare] = others as [Health, ...Health[]];
  const few = [...port.ids(asked, others)];
  if (few.length === 0) return { known: null, by: null, others, most };
  const each = rare.flatMap((health) => {
    const ids = [...port.ids(asked, [health])];
    return ids.length === 0 ? [] : [sql`when ${among(ids)} then ${sql.lit(others.indexOf(health))}`];
  });
  const which = sql.lit(others.indexOf(second));
  const told = each.length === 0 ? which : sql`case ${sql.join(each, sql` `)} else ${which} end`;
  const by = sql<number>`case when ${among(few)} then ${told} else -1 end`;
  return { known: null, by, others, most };
}

/** Whether devices of this state have a health at all. */
export function hasAnyHealth(state: string | undefined): boolean {
  return state !== undefined && isStanding(state as DeviceState);
}

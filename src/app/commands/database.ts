import type { Clock } from '../../core/clock.ts';
import type { Lifecycle } from '../../core/mechanisms/lifecycle.ts';
import type { Observer } from '../../core/observe.ts';
import { START_PATIENCE_MS } from '../../platform/database/arrival.ts';
import { DATABASE_LIMITS, Database } from '../../platform/database/database.ts';

export interface CommandSurroundings {
  clock: Clock;
  observer: Observer;
  lifecycle: Lifecycle;
}

/** Opens the database for one command, with the patience and the limits of a gateway; closed with `lifecycle`. */
export async function openDatabase(
  url: string,
  { clock, observer, lifecycle }: CommandSurroundings,
): Promise<Database<never>> {
  const patienceMs = START_PATIENCE_MS;
  const database = await Database.open({ url, observer, clock, patienceMs, limits: DATABASE_LIMITS });
  lifecycle.onStop('database', () => database.close());
  return database;
}

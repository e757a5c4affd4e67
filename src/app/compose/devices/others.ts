import type { Registry } from '../../../devices/registry/registry.ts';
import type { Database } from '../../../platform/database/database.ts';
import { type Followers, reading } from '../../../platform/follow/follow.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { Devices } from './devices.ts';

type Remembering = Pick<
  Devices,
  'kinds' | 'jurisdictions' | 'agencies' | 'departments' | 'inForce' | 'grants' | 'tokens' | 'displays' | 'sessions'
> &
  Pick<Alerts, 'wanted'> & { registry: Registry };

/** Everything that is held in memory and that another process on the database may change. */
export function followersOf(
  database: Database,
  {
    kinds,
    jurisdictions,
    agencies,
    departments,
    inForce,
    grants,
    tokens,
    displays,
    sessions,
    wanted,
    registry,
  }: Remembering,
): Followers {
  return {
    kinds: reading(() => kinds.learn(database)),
    jurisdictions: reading(() => jurisdictions.load(database)),
    departments: reading(() => departments.load()),
    police: reading(() => agencies.load(database)),
    devices: registry.follower,
    grants: reading(async () => {
      await inForce.load(database);
      await grants.endWithAlerts();
    }),
    tokens: reading(() => {
      tokens.forget();
      displays.forget();
    }),
    people: reading(() => sessions.forget()),
    watchlists: reading(() => wanted.load()),
  };
}

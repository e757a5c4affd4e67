import type { Registry } from '../../../devices/registry/registry.ts';
import type { Database } from '../../../platform/database/database.ts';
import { type Follow, reading } from '../../../platform/follow/follow.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { Devices } from './devices.ts';

type Remembering = Pick<Devices, 'kinds' | 'jurisdictions' | 'tokens' | 'sessions'> &
  Pick<Alerts, 'watchlists'> & { registry: Registry };

/** Everything that is held in memory and that another process on the database may change will follow it. */
export function followOthers(
  follow: Pick<Follow, 'tell'>,
  database: Database,
  { kinds, jurisdictions, tokens, sessions, watchlists, registry }: Remembering,
): void {
  follow.tell(
    'kinds',
    reading(() => kinds.learn(database)),
  );
  follow.tell(
    'jurisdictions',
    reading(() => jurisdictions.load(database)),
  );
  follow.tell('devices', registry.follower);
  follow.tell(
    'tokens',
    reading(() => tokens.forget()),
  );
  follow.tell(
    'people',
    reading(() => sessions.forget()),
  );
  follow.tell(
    'watchlists',
    reading(() => watchlists.load()),
  );
}

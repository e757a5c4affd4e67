import type { Registry } from '../../../devices/registry/registry.ts';
import { reading } from '../../../platform/follow/follow.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { Ground } from '../ground/ground.ts';
import type { Devices } from './devices.ts';

/** Everything that is held in memory and that another process on the database may change follows it from now on. */
export function followOthers(
  { follow, database, lifecycle }: Ground,
  { kinds, jurisdictions, tokens, sessions }: Devices,
  { registry, watchlists }: { registry: Registry; watchlists: Alerts['watchlists'] },
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
  follow.start();
  lifecycle.onStop('follow', () => follow.stop());
}

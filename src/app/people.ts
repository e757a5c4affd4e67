import type { Clock } from '../core/clock.ts';
import type { Observer } from '../core/observe.ts';
import type { SecretHasher } from '../devices/credentials.ts';
import type { Jurisdictions } from '../devices/jurisdictions.ts';
import { Passwords } from '../devices/passwords.ts';
import { People } from '../devices/people.ts';
import { Sessions } from '../devices/sessions.ts';
import type { Tokens } from '../devices/tokens.ts';
import type { DatabaseShares } from '../platform/database.ts';

export interface PeopleParts {
  shares: DatabaseShares;
  clock: Clock;
  observer: Observer;
  jurisdictions: Jurisdictions;
  hasher: SecretHasher;
  tokens: Tokens;
}

/** Builds who may log in, and who is logged in. */
export function composePeople(deps: PeopleParts): { people: People; sessions: Sessions } {
  const passwords = new Passwords();
  const sessions = new Sessions({ ...deps, database: deps.shares.handling, passwords });
  const people = new People({
    ...deps,
    database: deps.shares.general,
    passwords,
    sessionsEnded: () => sessions.forget(),
  });
  return { people, sessions };
}

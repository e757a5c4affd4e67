import type { Jurisdictions } from '../../../access/jurisdictions.ts';
import { Passwords } from '../../../access/passwords.ts';
import { People } from '../../../access/people.ts';
import { Sessions } from '../../../access/sessions.ts';
import type { Tokens } from '../../../access/tokens.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Observer } from '../../../core/observe.ts';
import type { DatabaseShares } from '../../../platform/database/database.ts';
import type { SecretHasher } from '../../../platform/secrets/hasher.ts';

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

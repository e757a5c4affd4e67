import type { Authority } from '../../../access/authority.ts';
import type { Displays } from '../../../access/displays/displays.ts';
import { ensureFirstPeople, FIRST_PEOPLE, FIRST_THREE } from '../../../access/first-people.ts';
import { OwnAccount } from '../../../access/own-account.ts';
import { Passwords } from '../../../access/passwords.ts';
import { People, type PeopleDeps } from '../../../access/people.ts';
import { SecondFactor } from '../../../access/second-factor.ts';
import { Sessions } from '../../../access/sessions.ts';
import type { Tokens } from '../../../access/tokens.ts';
import { Colleagues } from '../../../access/tree/colleagues.ts';
import type { Jurisdictions } from '../../../access/tree/jurisdictions.ts';
import { Vouchers } from '../../../access/vouchers.ts';
import type { Clock } from '../../../core/clock.ts';
import type { PoliceTree, Tree } from '../../../core/jurisdiction.ts';
import type { Observer } from '../../../core/observe.ts';
import type { DatabaseShares } from '../../../platform/database/database.ts';
import type { SecretHasher } from '../../../platform/secrets/hasher.ts';

import type { Vault } from '../../../platform/secrets/vault.ts';
import type { Config } from '../../config/config.ts';
import type { Ground } from '../ground/ground.ts';

export interface PeopleParts {
  config: Pick<Config, 'people'>;
  vault: Vault;
  authority: Authority;
  shares: DatabaseShares;
  clock: Clock;
  observer: Observer;
  jurisdictions: Jurisdictions;
  agencies: PeopleDeps['agencies'] & Tree & PoliceTree;
  hasher: SecretHasher;
  tokens: Tokens;
  displays: Displays;
}

/** Builds who may log in, and who is logged in. */
export function composePeople(deps: PeopleParts) {
  const { shares, config } = deps;
  const passwords = new Passwords();
  const database = shares.handling;
  const secondFactor = new SecondFactor({ ...deps, database, roles: config.people.totpRoles });
  const sessions = new Sessions({ ...deps, database, passwords, secondFactor });
  const sessionsEnded = () => sessions.forget();
  // Second screens stand among the tokens of whoever made them, and end with them.
  const tokens: PeopleDeps['tokens'] = {
    endOf: (tx, caller, ended) => deps.tokens.endOf(tx, caller, ended),
    forget: () => {
      deps.tokens.forget();
      deps.displays.forget();
    },
  };
  const people = new People({ ...deps, tokens, database: shares.general, passwords, sessionsEnded });
  const account = new OwnAccount({ ...deps, database, passwords, sessionsEnded });
  const vouchers = new Vouchers({ ...deps, database: shares.general });
  const colleagues = new Colleagues({ ...deps, database: shares.general, trees: deps.agencies });
  return { people, colleagues, sessions, secondFactor, account, vouchers, passwords };
}

/**
 * Makes the first people where there are none; resolves with a line for the person who started the gateway about each
 * whose one-time password waits to be used.
 */
export async function welcomeFirstPeople(
  { config, database, place, clock }: Pick<Ground, 'config' | 'database' | 'place' | 'clock'>,
  passwords: Passwords,
): Promise<string[]> {
  const nameOf = (username: string) => `first-login-${username}`;
  const secrets = {
    make: (username: string) => place.secret(nameOf(username)),
    remove: (username: string) => place.forget(nameOf(username)),
  };
  const people = config.people.administrators === 'three' ? FIRST_THREE : FIRST_PEOPLE;
  const waiting = await ensureFirstPeople({ database, passwords, clock, secrets }, people);
  return waiting.map(
    (username) => `  LOGIN ${username}, with the one-time password in ${place.pathOf(nameOf(username))}`,
  );
}

import type { Authority } from '../access/authority.ts';
import type { Displays } from '../access/displays/displays.ts';
import type { Grants } from '../access/grants/grants.ts';
import type { OwnAccount } from '../access/own-account.ts';
import type { People } from '../access/people.ts';
import type { SecondFactor } from '../access/second-factor.ts';
import type { Sessions } from '../access/sessions.ts';
import type { TokenInfo, TokenInput } from '../access/tokens.ts';
import type { Vouchers } from '../access/vouchers.ts';
import type { Caller } from '../core/types.ts';

/** What a caller may do; the API decides nothing of that itself. */
export type AuthorityPort = Pick<Authority, 'may' | 'callerFor'>;

export type GrantsPort = Pick<Grants, 'list' | 'ask' | 'approve' | 'end'>;

export interface TokensPort {
  create(caller: Caller, input: TokenInput): Promise<{ id: string; token: string }>;
  list(caller: Caller): Promise<TokenInfo[]>;
  revoke(caller: Caller, id: string): Promise<void>;
  verify(bearer: string): Promise<Caller | null>;
}

/** Second screens. */
export type DisplaysPort = Pick<Displays, 'create' | 'list' | 'renew' | 'revoke' | 'begin' | 'verify'>;

export type VouchersPort = Pick<Vouchers, 'give'>;

export type PeoplePort = Pick<People, 'create' | 'list' | 'update'>;

/** What people do with their own account. */
export type AccountPort = Pick<OwnAccount, 'changePassword' | 'sessions' | 'endSession'>;

export type SecondFactorPort = Pick<SecondFactor, 'begin' | 'confirm' | 'remove'>;

export type SessionsPort = Pick<Sessions, 'start' | 'verify' | 'end'>;

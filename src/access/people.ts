import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { CitywatchError, invalid } from '../core/errors.ts';
import {
  type AgencyCode,
  covers,
  type Jurisdiction,
  limitedArea,
  ownArea,
  type Place,
  type PoliceTree,
  type Tree,
} from '../core/jurisdiction.ts';
import type { Caller, Role } from '../core/types.ts';
import { type Database, type Selectable, type Tables, withinJurisdiction } from '../platform/database/database.ts';
import { recordAudit } from '../platform/records/audit.ts';
import type { Authority } from './authority.ts';
import { checkGivenScope, type KnownAgencies } from './given-scope.ts';
import { samePersonAmong } from './owners.ts';
import { checkPassword } from './password-rules.ts';
import type { Passwords } from './passwords.ts';
import type { Right } from './rights.ts';
import { forgetSecondFactor } from './second-factor.ts';
import type { AccessTables } from './tables.ts';
import type { Tokens } from './tokens.ts';
import type { Jurisdictions } from './tree/jurisdictions.ts';
import { NO_VOUCHER } from './vouchers.ts';

export interface PersonInput {
  /** Lower case letters, digits, dots, underscores and hyphens. */
  username: string;
  name: string;
  role: Role;
  jurisdiction: Jurisdiction;
  /** Of that only what belongs to this police agency, or to one below it; null for all. */
  police?: AgencyCode | null;
  password: string;
  /** The password works once, to give oneself another. */
  oneTime?: boolean;
}

export interface PersonPatch extends Partial<Omit<PersonInput, 'username'>> {
  disabled?: boolean;
  /** Takes the second factor away, for somebody who has lost theirs. */
  forgetSecondFactor?: true;
}

/** A person as listed: never the password or its hash. */
export interface PersonInfo {
  id: string;
  username: string;
  name: string;
  role: Role;
  jurisdiction: Jurisdiction;
  police: AgencyCode | null;
  disabledAtMs: number | null;
  /** Must give themselves a password before anything else. */
  mustChange: boolean;
  /** Needs a code of an administrator for that. */
  needsCode: boolean;
  secondFactor: boolean;
  createdBy: string;
  createdAtMs: number;
  version: number;
}

export interface PeopleDeps {
  database: Database;
  jurisdictions: Pick<Jurisdictions, 'exists'>;
  agencies: KnownAgencies;
  authority: Pick<Authority, 'mayGive' | 'mayChange' | 'vouches'>;
  passwords: Passwords;
  clock: Clock;
  /** A token ends with the rights of the person who made it. */
  tokens: Pick<Tokens, 'endOf' | 'forget'>;
  /** Told after sessions were, or may have been, ended. */
  sessionsEnded(): void;
}

type PersonRow = Selectable<AccessTables['person']>;

export const USERNAME = /^[a-z0-9][a-z0-9._-]{1,63}$/;
const LIST_MAX = 1_000;

/** People who log in with a password: a role and a jurisdiction each. */
export class People {
  readonly #deps: PeopleDeps;

  constructor(deps: PeopleDeps) {
    this.#deps = deps;
  }

  /** Errors: `conflict.exists` for a user name that is taken, `request.invalid` for an area beyond the caller's. */
  async create(caller: Caller, input: PersonInput): Promise<PersonInfo> {
    const { username, name, role, jurisdiction, police = null, password, oneTime = false } = input;
    if (!USERNAME.test(username)) throw invalid('username', 'use 2 to 64 lower-case letters, digits and . _ -');
    checkGivenScope(this.#deps, caller, { jurisdiction, police });
    this.#checkRole(caller, role);
    checkPassword('password', password, username);
    const password_hash = await this.#deps.passwords.hash(password);
    const id = randomUUID();
    const { authority } = this.#deps;
    const row: PersonRow = {
      id,
      username,
      name,
      role,
      jurisdiction,
      police,
      password_hash,
      disabled_at_ms: null,
      version: 1,
      created_by: caller.name,
      created_at_ms: this.#deps.clock.nowMs(),
      must_change: oneTime || authority.vouches,
      totp_sealed: null,
      totp_confirmed_at_ms: null,
      totp_step: 0,
      voucher_due: authority.vouches,
      ...NO_VOUCHER,
    };
    await this.#deps.database.transaction(async (tx) => {
      await tx.tables<AccessTables>().insertInto('person').values(row).execute();
      await this.#audit(tx, { caller, action: 'user.create', before: null, after: row });
    });
    return show(row);
  }

  async list(caller: Caller): Promise<PersonInfo[]> {
    const db = this.#deps.database.tables<AccessTables>();
    const query = db.selectFrom('person').selectAll().orderBy('username').limit(LIST_MAX);
    return (await withinJurisdiction(query, 'jurisdiction', ownArea(caller)).execute()).map(show);
  }

  /**
   * Changes a person; all sessions of theirs end at once, unless only the name changed, and tokens of theirs beyond
   * what they may still give. Errors: `not-found`,
   * `precondition.stale`, `request.invalid`.
   */
  async update(caller: Caller, id: string, expectedVersion: number, patch: PersonPatch): Promise<PersonInfo> {
    const { password, disabled, oneTime, forgetSecondFactor: lost, ...fields } = patch;
    checkGivenScope(this.#deps, caller, fields);
    if (fields.role !== undefined) this.#checkRole(caller, fields.role);
    const [self = caller.id] = await samePersonAmong(this.#deps.database, caller.id, [id]);
    if (!this.#deps.authority.mayChange({ id: self }, id)) {
      throw new CitywatchError('auth.forbidden', { detail: 'Nobody changes their own rights.' });
    }
    const hashed = await this.#newPassword(password, oneTime);
    const nowMs = this.#deps.clock.nowMs();
    try {
      return await this.#deps.database.transaction(async (tx) => {
        const before = await this.#locked(tx, caller, id);
        if (before.version !== expectedVersion) throw new CitywatchError('precondition.stale');
        const since = disabled === undefined ? before.disabled_at_ms : disabled ? nowMs : null;
        const after = { ...before, ...fields, ...hashed, disabled_at_ms: since, version: before.version + 1 };
        const db = tx.tables<AccessTables>();
        await db.updateTable('person').set(after).where('id', '=', id).execute();
        if (lost) await forgetSecondFactor(tx, id);
        const onlyName = Object.keys(patch).every((key) => key === 'name');
        if (!onlyName) await db.deleteFrom('session').where('person_id', '=', id).execute();
        const keeps = after.disabled_at_ms === null ? after : null;
        if (!onlyName) await this.#deps.tokens.endOf(tx, caller, { person: id, keeps });
        const action = disabled ? 'user.disable' : password === undefined ? 'user.update' : 'user.password';
        await this.#audit(tx, { caller, action, before, after });
        return show(lost ? { ...after, totp_confirmed_at_ms: null } : after);
      });
    } finally {
      // Also when the answer of COMMIT was lost: the next use asks the database.
      this.#deps.sessionsEnded();
      this.#deps.tokens.forget();
    }
  }

  /**
   * A password alone is a lasting one; `oneTime` alone makes the present one work once. Where people are vouched for,
   * none that somebody else set is a lasting one.
   */
  async #newPassword(password: string | undefined, oneTime: boolean | undefined): Promise<Partial<PersonRow>> {
    if (password !== undefined) checkPassword('password', password, '');
    const { vouches } = this.#deps.authority;
    if (vouches && oneTime === false) throw invalid('oneTime', 'stays true: a lasting password is set by its owner');
    const voucher = vouches ? { voucher_due: true, ...NO_VOUCHER } : {};
    const password_hash = password === undefined ? null : await this.#deps.passwords.hash(password);
    const hashed = password_hash === null ? {} : { password_hash, ...voucher };
    const once = oneTime ?? (password === undefined ? undefined : vouches);
    return { ...hashed, ...(once === undefined ? {} : { must_change: once }) };
  }

  async #locked(tx: Tables, caller: Caller, id: string): Promise<PersonRow> {
    const query = tx.tables<AccessTables>().selectFrom('person').selectAll().where('id', '=', id).forUpdate();
    const row = await withinJurisdiction(query, 'jurisdiction', ownArea(caller)).executeTakeFirst();
    if (!row) throw new CitywatchError('not-found');
    return row;
  }

  #checkRole(caller: Caller, role: Role): void {
    if (this.#deps.authority.mayGive(caller, role)) return;
    throw new CitywatchError('auth.forbidden', { detail: `You cannot give the role ${role}: you lack rights of it.` });
  }

  async #audit(
    tx: Tables,
    { caller, action, before, after }: { caller: Caller; action: string; before: PersonRow | null; after: PersonRow },
  ): Promise<void> {
    const { jurisdiction } = before ?? after;
    const atMs = this.#deps.clock.nowMs();
    await recordAudit(tx, {
      caller,
      action,
      subject: `user/${after.id}`,
      jurisdiction,
      before: before && show(before),
      after: show(after),
      atMs,
    });
  }
}

/** Who is looked for: with this right, at this place, by their own area. */
export interface Wanted {
  right: Right;
  at: Place;
}

/**
 * The person called `username`, who stays as they are until the transaction ends; null for one who is unknown, may not
 * log in, does not see the place, or has not that right there.
 */
export async function personWho(
  { trees, authority }: { trees: Tree & PoliceTree; authority: Pick<Authority, 'may'> },
  tx: Tables,
  username: string,
  { right, at }: Wanted,
): Promise<{ id: string; username: string; confirms: boolean } | null> {
  const people = tx.tables<AccessTables>().selectFrom('person');
  const row = await people
    .select(['id', 'username', 'name', 'role', 'jurisdiction', 'police'])
    .where('username', '=', username.toLowerCase())
    .where('disabled_at_ms', 'is', null)
    .forShare()
    .executeTakeFirst();
  if (!row || !covers(limitedArea(trees, row.jurisdiction, row.police), at)) return null;
  const person: Caller = { type: 'person', purpose: null, ...row };
  if (!authority.may(person, right, at)) return null;
  return { id: row.id, username: row.username, confirms: authority.may(person, 'watchlists.confirm') };
}

function show(row: PersonRow): PersonInfo {
  return {
    id: row.id,
    username: row.username,
    name: row.name,
    role: row.role,
    jurisdiction: row.jurisdiction,
    police: row.police,
    disabledAtMs: row.disabled_at_ms,
    mustChange: row.must_change,
    needsCode: row.voucher_due,
    secondFactor: row.totp_confirmed_at_ms !== null,
    createdBy: row.created_by,
    createdAtMs: row.created_at_ms,
    version: row.version,
  };
}

import type { Clock } from '../core/clock.ts';
import { CitywatchError, invalid } from '../core/errors.ts';
import type { Caller } from '../core/types.ts';
import type { Database } from '../platform/database/database.ts';
import { recordAudit } from '../platform/records/audit.ts';
import type { SecretHasher } from '../platform/secrets/hasher.ts';
import { checkPassword } from './password-rules.ts';
import type { Passwords } from './passwords.ts';
import type { AccessTables } from './tables.ts';
import { NO_VOUCHER, requireVoucher } from './vouchers.ts';

export interface OwnAccountDeps {
  database: Database<'handling'>;
  passwords: Passwords;
  hasher: SecretHasher;
  clock: Clock;
  /** Told after sessions were, or may have been, ended. */
  sessionsEnded(): void;
}

/** The old and the new password, and the session it is done in. */
export interface PasswordChange {
  session: string;
  old: string;
  new: string;
  /** See {@link requireVoucher}. */
  code?: string;
}

/** A session as its person sees it. */
export interface SessionInfo {
  id: string;
  startedAtMs: number;
  /** To the minute. */
  lastSeenAtMs: number;
  address: string;
  agent: string;
}

/** What people do with their own account: no right of another is needed for it. */
export class OwnAccount {
  readonly #deps: OwnAccountDeps;

  constructor(deps: OwnAccountDeps) {
    this.#deps = deps;
  }

  /**
   * Changes the caller's password; every session of theirs but `session` ends. Errors: `auth.required` for a wrong old
   * password, `auth.voucher` where somebody else set that one and `code` is not right, `request.invalid` for a new one
   * that is too easy or the old one.
   */
  async changePassword(caller: Caller, change: PasswordChange): Promise<void> {
    const { database, passwords, clock } = this.#deps;
    const db = database.tables<AccessTables>();
    const person = await db.selectFrom('person').selectAll().where('id', '=', caller.id).executeTakeFirst();
    const right = await passwords.matches(person?.password_hash ?? null, change.old);
    if (!right || !person) throw new CitywatchError('auth.required', { detail: 'The old password is wrong.' });
    requireVoucher(person, change.code, this.#deps);
    if (change.new === change.old) throw invalid('new', 'is the old password');
    checkPassword('new', change.new, person.username);
    const password_hash = await passwords.hash(change.new);
    try {
      await database.transaction(async (tx) => {
        const mine = tx.tables<AccessTables>();
        const { numUpdatedRows } = await mine
          .updateTable('person')
          .set({ password_hash, must_change: false, voucher_due: false, ...NO_VOUCHER, version: person.version + 1 })
          .where('id', '=', person.id)
          .where('version', '=', person.version)
          .where('disabled_at_ms', 'is', null)
          .executeTakeFirst();
        if (numUpdatedRows === 0n) throw new CitywatchError('precondition.stale');
        await mine.deleteFrom('session').where('person_id', '=', person.id).where('id', '!=', change.session).execute();
        const { jurisdiction } = person;
        const subject = `user/${person.id}`;
        await recordAudit(tx, { caller, action: 'user.own-password', subject, jurisdiction, atMs: clock.nowMs() });
      });
    } finally {
      this.#deps.sessionsEnded();
    }
  }

  /** The caller's sessions, newest first. */
  async sessions(caller: Caller): Promise<SessionInfo[]> {
    const rows = await this.#deps.database
      .tables<AccessTables>()
      .selectFrom('session')
      .select(['id', 'created_at_ms', 'last_seen_ms', 'address', 'agent'])
      .where('person_id', '=', caller.id)
      .orderBy('created_at_ms', 'desc')
      .execute();
    return rows.map(({ id, created_at_ms: startedAtMs, last_seen_ms: lastSeenAtMs, address, agent }) => {
      return { id, startedAtMs, lastSeenAtMs, address, agent };
    });
  }

  /** Ends one of the caller's sessions. Errors: `not-found`, alike for one of somebody else. */
  async endSession(caller: Caller, id: string): Promise<void> {
    const { database, clock } = this.#deps;
    try {
      await database.transaction(async (tx) => {
        const db = tx.tables<AccessTables>();
        const query = db.deleteFrom('session').where('id', '=', id).where('person_id', '=', caller.id);
        const { numDeletedRows } = await query.executeTakeFirst();
        if (numDeletedRows === 0n) throw new CitywatchError('not-found');
        const { jurisdiction } = caller;
        const subject = `user/${caller.id}`;
        await recordAudit(tx, { caller, action: 'session.end', subject, jurisdiction, atMs: clock.nowMs() });
      });
    } finally {
      this.#deps.sessionsEnded();
    }
  }
}

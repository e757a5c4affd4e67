import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { CitywatchError } from '../core/errors.ts';
import type { Caller, Role } from '../core/types.ts';
import type { Database, Selectable, Tables } from '../platform/database/database.ts';
import { recordAudit } from '../platform/records/audit.ts';
import type { SecretHasher } from '../platform/secrets/hasher.ts';
import type { Vault } from '../platform/secrets/vault.ts';
import { CodeGuesses } from './codes/code-guesses.ts';
import { stepOfCode, TOTP_SECRET_BYTES, totpUri } from './codes/totp.ts';
import type { AccessTables } from './tables.ts';

type PersonRow = Selectable<AccessTables['person']>;

export interface SecondFactorDeps {
  database: Database<'handling'>;
  vault: Vault;
  hasher: SecretHasher;
  clock: Clock;
  /** Roles whose people must have one. */
  roles: readonly Role[];
}

const RECOVERY_CODES = 10;
const RECOVERY_BYTES = 10;
const SIX_DIGITS = /^\d{6}$/;

/** The second factor of people: codes of an authenticator (RFC 6238), and recovery codes for when that is lost. */
export class SecondFactor {
  readonly #deps: SecondFactorDeps;
  readonly #guesses: CodeGuesses;

  constructor(deps: SecondFactorDeps) {
    this.#deps = deps;
    this.#guesses = new CodeGuesses(deps.clock);
  }

  /** Whether this person must set one up before anything else. */
  isDue({ role, totp_confirmed_at_ms: confirmed }: Pick<PersonRow, 'role' | 'totp_confirmed_at_ms'>): boolean {
    return confirmed === null && this.#deps.roles.includes(role);
  }

  /**
   * Passes whoever has none. Errors: `auth.second-factor` where the code is missing, wrong or used; `request.rate`
   * after too many wrong ones, for a code of the authenticator.
   */
  async require(person: PersonRow, code: string | undefined): Promise<void> {
    if (person.totp_confirmed_at_ms === null) return;
    if (code !== undefined && (await this.#takes(person, code))) return;
    const detail = code === undefined ? 'Send a code of your authenticator as `code`.' : 'The code is wrong or used.';
    throw new CitywatchError('auth.second-factor', { detail });
  }

  /**
   * Begins to set one up, in place of one that was never confirmed. Errors: `conflict.state` where there is one;
   * `auth.duty` for who logged in by a password that somebody else set, who may not be its owner.
   */
  async begin(caller: Caller, username: string): Promise<{ uri: string }> {
    const secret = randomBytes(TOTP_SECRET_BYTES);
    const sealed = this.#deps.vault.seal(secret.toString('base64'), ownerOf(caller.id));
    await this.#deps.database.transaction(async (tx) => {
      const db = tx.tables<AccessTables>();
      const person = db.selectFrom('person').select('voucher_due').where('id', '=', caller.id).forUpdate();
      if ((await person.executeTakeFirst())?.voucher_due) throw new CitywatchError('auth.duty');
      const mine = db.updateTable('person').set({ totp_sealed: sealed, totp_step: 0 });
      const fresh = mine.where('id', '=', caller.id).where('totp_confirmed_at_ms', 'is', null);
      const { numUpdatedRows } = await fresh.executeTakeFirst();
      if (numUpdatedRows === 0n) throw new CitywatchError('conflict.state', { detail: 'You have a second factor.' });
      await this.#audit(tx, caller, 'user.second-factor-begun');
    });
    return { uri: totpUri(secret, username) };
  }

  /** The first right code makes it count; answers the recovery codes this once. Errors: `auth.second-factor`. */
  async confirm(caller: Caller, code: string): Promise<{ recoveryCodes: string[] }> {
    const { database, clock, hasher } = this.#deps;
    const codes = Array.from({ length: RECOVERY_CODES }, () => randomBytes(RECOVERY_BYTES).toString('hex'));
    await database.transaction(async (tx) => {
      const db = tx.tables<AccessTables>();
      const person = await db
        .selectFrom('person')
        .selectAll()
        .where('id', '=', caller.id)
        .forUpdate()
        .executeTakeFirst();
      if (!person || person.totp_confirmed_at_ms !== null || person.totp_sealed === null) {
        throw new CitywatchError('conflict.state', { detail: 'Begin with POST /session/totp.' });
      }
      const step = this.#stepOf(person, code);
      if (step === null) throw new CitywatchError('auth.second-factor', { detail: 'The code is wrong.' });
      const set = { totp_confirmed_at_ms: clock.nowMs(), totp_step: step };
      await db.updateTable('person').set(set).where('id', '=', caller.id).execute();
      await db.deleteFrom('recovery_code').where('person_id', '=', caller.id).execute();
      const rows = codes.map((each) => ({ person_id: caller.id, code_hash: hasher.hash(each) }));
      await db.insertInto('recovery_code').values(rows).execute();
      await this.#audit(tx, caller, 'user.second-factor');
    });
    return { recoveryCodes: codes };
  }

  /** Gives it up. Errors: as {@link require}, and `conflict.state` where the role must have one. */
  async remove(caller: Caller, code: string): Promise<void> {
    if (this.#deps.roles.includes(caller.role as Role)) {
      throw new CitywatchError('conflict.state', { detail: `A ${caller.role} must have a second factor.` });
    }
    const person = await this.#people().selectFrom('person').selectAll().where('id', '=', caller.id).executeTakeFirst();
    if (!person) throw new CitywatchError('not-found');
    await this.require(person, code);
    await this.#deps.database.transaction(async (tx) => {
      await forgetSecondFactor(tx, caller.id);
      await this.#audit(tx, caller, 'user.second-factor-removed');
    });
  }

  /** Takes a code once, however many bring it at the same time. */
  async #takes(person: PersonRow, code: string): Promise<boolean> {
    const isGuessable = SIX_DIGITS.test(code);
    if (isGuessable) this.#guesses.check(person.id);
    // Counts as wrong until it was right: those who come meanwhile are not compared for free.
    if (isGuessable) this.#guesses.wrong(person.id);
    const isRight = await this.#takesOnce(person, code);
    if (isRight) this.#guesses.right(person.id);
    return isRight;
  }

  #takesOnce(person: PersonRow, code: string): Promise<boolean> {
    const step = this.#stepOf(person, code);
    const hash = this.#deps.hasher.hash(code);
    return this.#deps.database.statement(async (tables) => {
      const db = tables.tables<AccessTables>();
      if (step === null) {
        const mine = db.deleteFrom('recovery_code').where('person_id', '=', person.id);
        return (await mine.where('code_hash', '=', hash).executeTakeFirst()).numDeletedRows > 0n;
      }
      const mine = db.updateTable('person').set({ totp_step: step }).where('id', '=', person.id);
      return (await mine.where('totp_step', '<', step).executeTakeFirst()).numUpdatedRows > 0n;
    });
  }

  #stepOf({ id, totp_sealed: sealed, totp_step: usedStep }: PersonRow, code: string): number | null {
    if (sealed === null) return null;
    const secret = Buffer.from(this.#deps.vault.open(sealed, ownerOf(id)), 'base64');
    return stepOfCode(secret, code, { atMs: this.#deps.clock.nowMs(), usedStep });
  }

  #people() {
    return this.#deps.database.tables<AccessTables>();
  }

  async #audit(tx: Tables, caller: Caller, action: string): Promise<void> {
    const { id, jurisdiction } = caller;
    await recordAudit(tx, { caller, action, subject: `user/${id}`, jurisdiction, atMs: this.#deps.clock.nowMs() });
  }
}

/** Takes a person's second factor away, in the caller's transaction: its telephone is lost, and so are the codes. */
export async function forgetSecondFactor(tx: Tables, person: string): Promise<void> {
  const db = tx.tables<AccessTables>();
  const none = { totp_sealed: null, totp_confirmed_at_ms: null, totp_step: 0 };
  await db.updateTable('person').set(none).where('id', '=', person).execute();
  await db.deleteFrom('recovery_code').where('person_id', '=', person).execute();
}

function ownerOf(person: string): string {
  return `totp/${person}`;
}

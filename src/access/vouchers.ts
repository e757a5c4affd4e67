import { randomBytes } from 'node:crypto';
import { type Clock, DAY_MS } from '../core/clock.ts';
import { CitywatchError } from '../core/errors.ts';
import { type Jurisdiction, ownArea } from '../core/jurisdiction.ts';
import type { Caller, Role } from '../core/types.ts';
import { type Database, type Selectable, withinJurisdiction } from '../platform/database/database.ts';
import { recordAudit } from '../platform/records/audit.ts';
import type { SecretHasher } from '../platform/secrets/hasher.ts';
import type { AccessTables } from './tables.ts';

/** What an administrator hands to the person and to nobody else. */
export interface Voucher {
  /** Shown this once. */
  code: string;
  untilMs: number;
  username: string;
  name: string;
  role: Role;
  jurisdiction: Jurisdiction;
  createdBy: string;
}

export interface VouchersDeps {
  database: Database;
  hasher: SecretHasher;
  clock: Clock;
}

const CODE_BYTES = 8;
const VALID_MS = DAY_MS;

/** Columns of a person from whom a code is asked for. */
export const NO_VOUCHER = { voucher_hash: null, voucher_until_ms: null } as const;

/**
 * Codes by which people show, when they change a password that somebody else set, that an administrator who does not
 * know it has met them (三员分立).
 */
export class Vouchers {
  readonly #deps: VouchersDeps;

  constructor(deps: VouchersDeps) {
    this.#deps = deps;
  }

  /**
   * A code for the person called `username`, in place of one of before; it counts for a day and once. Errors:
   * `not-found` for somebody beyond the caller's area; `conflict.state` for who needs none.
   */
  async give(caller: Caller, username: string): Promise<Voucher> {
    const { database, hasher, clock } = this.#deps;
    const code = randomBytes(CODE_BYTES).toString('hex');
    const atMs = clock.nowMs();
    const untilMs = atMs + VALID_MS;
    return database.transaction(async (tx) => {
      const db = tx.tables<AccessTables>();
      const known = db.selectFrom('person').selectAll().where('username', '=', username.toLowerCase()).forUpdate();
      const person = await withinJurisdiction(known, 'jurisdiction', ownArea(caller)).executeTakeFirst();
      if (!person || person.disabled_at_ms !== null) throw new CitywatchError('not-found');
      if (!person.voucher_due) {
        const detail = `${person.username} needs no code: nobody else knows their password.`;
        throw new CitywatchError('conflict.state', { detail });
      }
      const set = { voucher_hash: hasher.hash(code), voucher_until_ms: untilMs };
      await db.updateTable('person').set(set).where('id', '=', person.id).execute();
      const { name, role, jurisdiction, created_by: createdBy } = person;
      await recordAudit(tx, { caller, action: 'user.vouch', subject: `user/${person.id}`, jurisdiction, atMs });
      return { code, untilMs, username: person.username, name, role, jurisdiction, createdBy };
    });
  }
}

type Vouched = Pick<Selectable<AccessTables['person']>, 'voucher_due' | 'voucher_hash' | 'voucher_until_ms'>;

/** Passes whose password nobody else knows. Errors: `auth.voucher` where the code is missing, wrong or too old. */
export function requireVoucher(
  { voucher_due: due, voucher_hash: hash, voucher_until_ms: untilMs }: Vouched,
  code: string | undefined,
  { hasher, clock }: Pick<VouchersDeps, 'hasher' | 'clock'>,
): void {
  if (!due) return;
  const isInTime = untilMs !== null && clock.nowMs() < untilMs;
  if (code !== undefined && hash !== null && isInTime && hasher.matches(code, hash)) return;
  throw new CitywatchError('auth.voucher', {
    detail:
      'Somebody else set this password: send `code`, which an administrator of the system gives to you in person.',
  });
}

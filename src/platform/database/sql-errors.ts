import pg from 'pg';
import { CitywatchError, type ErrorCode } from '../../core/errors.ts';

/** What is kept of an error of PostgreSQL: never its `detail`, `where` or values, which hold contents of rows. */
export class SqlError extends Error {
  readonly sqlstate: string;
  readonly constraint: string | null;
  readonly table: string | null;

  constructor(error: pg.DatabaseError) {
    const where = [error.table, error.constraint].filter(Boolean).join('.');
    super(
      `SQLSTATE ${error.code}${where ? ` on ${where}` : ''}${quotesValues(error.code) ? '' : `: ${error.message}`}`,
    );
    this.name = 'SqlError';
    this.sqlstate = error.code ?? '';
    this.constraint = error.constraint ?? null;
    this.table = error.table ?? null;
  }
}

/** Classes 22 (data exception) and 23 (constraint) repeat values of the statement in their message. */
function quotesValues(sqlstate: string | undefined): boolean {
  return sqlstate?.startsWith('22') === true || sqlstate?.startsWith('23') === true;
}

/**
 * States that mean "not now" by https://www.postgresql.org/docs/current/errcodes-appendix.html: a transaction that lost
 * a race after all retries, no resources (53), operator intervention such as shutdown or statement timeout (57), a lock
 * not given, an idle transaction ended, a connection lost (08).
 */
const UNAVAILABLE = /^(40001|40P01|55P03|25P03|25P04|53...|57...|58...|08...)$/;

/** A statement that found no room: its transaction was rolled back as a whole. */
const DISK_FULL = '53100';

/** Wrong login, password, database or right: trying again does not help, the setting must change. */
const LOGIN = /^(28...|3D000|42501)$/;

function codeOf(sqlstate: string): ErrorCode {
  if (sqlstate === '23505') return 'conflict.exists';
  if (sqlstate === '23503') return 'conflict.reference';
  if (sqlstate === DISK_FULL) return 'store.full';
  return UNAVAILABLE.test(sqlstate) ? 'store.unavailable' : 'store.refused';
}

/** Maps anything the `pg` driver throws to the error users meet. Errors that are mapped already pass unchanged. */
export function toDatabaseError(error: unknown): CitywatchError {
  if (error instanceof CitywatchError) return error;
  // Ours, or a value we cannot hold: nothing to do with the server being away.
  if (error instanceof RangeError || error instanceof TypeError)
    return new CitywatchError('internal', { cause: error });
  if (!(error instanceof pg.DatabaseError) || error.code === undefined) {
    return new CitywatchError('store.unavailable', { detail: 'PostgreSQL does not answer.', cause: error });
  }
  const cause = new SqlError(error);
  const code = codeOf(error.code);
  if (LOGIN.test(error.code)) {
    return new CitywatchError(code, { detail: 'PostgreSQL refused the login or right; check DATABASE_URL.', cause });
  }
  return new CitywatchError(code, { cause });
}

/** Whether the connection that gave `error` may still be used. */
export function connectionSurvives(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !/^(57P0.|08...|XX...)$/.test(error.code ?? '');
}

/** The constraint a refused statement broke, so that the caller can name the field. */
export function brokenConstraint(error: unknown): string | null {
  return error instanceof CitywatchError && error.cause instanceof SqlError ? error.cause.constraint : null;
}

/** Whether a statement failed as a whole because a part of it was refused: the function `must` of migration 0181. */
export function isRefusedPart(error: unknown): boolean {
  return error instanceof CitywatchError && error.cause instanceof SqlError && error.cause.sqlstate === 'CW001';
}

/** Whether the whole transaction may be run again: serialization failure or deadlock. */
export function isRace(error: unknown): boolean {
  if (!(error instanceof CitywatchError) || !(error.cause instanceof SqlError)) return false;
  return error.cause.sqlstate === '40001' || error.cause.sqlstate === '40P01';
}

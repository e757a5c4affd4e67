import { CitywatchError } from '../../core/errors.ts';
import type { Owner, Slot } from '../../core/slots.ts';
import { type RawBuilder, sql, type Tables } from './database.ts';

export interface OwnershipDeps {
  /** This node, in the epoch of the lease it has taken. */
  self: Owner;
  /** Told of each write that was refused: this process must write nothing more. */
  overtaken(): void;
}

/** A statement that only the owner may run. */
export interface OwnersStatement {
  /** For the error: the name of what is written. */
  what: string;
  /** One statement that joins `owner (epoch)` and says what it did by RETURNING. */
  body: RawBuilder<unknown>;
  /**
   * Whether a take-over waits for the end of the transaction. True but for what comes to nothing after a take-over and
   * is asked for all the time: a lock costs an idle gateway a commit on the disk.
   */
  locks?: boolean;
}

interface Answer {
  is_owner: boolean | null;
  is_row: boolean | null;
}

/**
 * Who owns which slots. One node owns all of them: the one that has the lease of the database (`lease.ts`), in the
 * epoch of that lease. What an owner writes it writes through here: the statement itself sees whether it still is one.
 */
export class Ownership {
  readonly self: Owner;
  readonly #deps: OwnershipDeps;

  constructor(deps: OwnershipDeps) {
    this.#deps = deps;
    this.self = deps.self;
  }

  /** The owner of a slot. */
  ownerOf(_slot: Slot): Owner {
    return this.self;
  }

  /**
   * Runs a statement and returns its rows; throws `lease.lost`, with nothing changed, where another node has taken
   * over. Until the caller's transaction ends nobody can: a take-over locks the row of the lease for itself, while
   * owners share it, and renewals, which change no key, pass both.
   */
  async write<Row>(tables: Tables, { what, body, locks = true }: OwnersStatement): Promise<Row[]> {
    const { rows } = await sql<Row & Answer>`
      with owner as (${this.#stands(locks)}), written as (${body})
      select owner.epoch is not null as is_owner, told.*
      from (select) as one left join owner on true left join (select true as is_row, written.* from written) as told
        on true`.execute(tables.tables());
    if (!rows[0]?.is_owner) throw this.refused(what);
    return rows.filter(({ is_row }) => is_row);
  }

  /** For a transaction whose other statements do not ask: throws as {@link write}, and keeps others out as it does. */
  async hold(tx: Tables, what: string): Promise<void> {
    const { rows } = await sql`${this.#stands(true)}`.execute(tx.tables());
    if (rows.length === 0) throw this.refused(what);
  }

  /** The error of a write that a row or the lease has refused. Whoever meets it ends; so does the process. */
  refused(what: string): CitywatchError {
    this.#deps.overtaken();
    const { node, epoch } = this.self;
    return new CitywatchError('lease.lost', {
      detail: `Another gateway has taken over from ${node} (epoch ${epoch}): ${what} was not written. Start it again.`,
    });
  }

  #stands(locks: boolean): RawBuilder<unknown> {
    const lock = locks ? sql`for key share` : sql``;
    return sql`select epoch from gateway_lease where epoch = ${this.self.epoch} ${lock}`;
  }
}

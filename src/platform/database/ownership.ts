import { CitywatchError } from '../../core/errors.ts';
import type { Owner, Slot } from '../../core/slots.ts';
import { type Database, type RawBuilder, sql, type Tables } from './database.ts';

/** The advisory lock that owners share while they write, and a take-over has for itself; migration 0179 has it, too. */
export const OWNERS_LOCK = 6_104_220_310;

export interface OwnershipDeps {
  /** This node, in the epoch of the lease it has taken. */
  self: Owner;
  /** Told of each write that was refused: this process must write nothing more. */
  overtaken(): void;
}

/** One of several statements that are run as one, by the name under which the others may read what it returns. */
export interface NamedStatement {
  /** A plain word. */
  name: string;
  body: RawBuilder<unknown>;
}

/** A statement that only the owner may run. */
export interface OwnersStatement {
  /** For the error: the name of what is written. */
  what: string;
  /** What is done along with `body`, in one statement with it. Whatever writes joins `owner (epoch)`. */
  along?: readonly NamedStatement[];
  /** One statement that joins `owner (epoch)` and says what it did by RETURNING. */
  body: RawBuilder<unknown>;
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
   * over. Until the caller's transaction ends nobody can: a take-over has the lock of {@link OWNERS_LOCK} for itself,
   * while owners share it, and renewals do not ask for it.
   */
  async write<Row>(tables: Tables, { what, along = [], body }: OwnersStatement): Promise<Row[]> {
    const parts = [{ name: 'owner', body: this.#stands() }, ...along, { name: 'written', body }];
    const { rows } = await sql<Row & Answer>`
      with ${sql.join(parts.map((part) => sql`${sql.ref(part.name)} as (${part.body})`))}
      select owner.epoch is not null as is_owner, told.*
      from (select) as one left join owner on true left join (select true as is_row, written.* from written) as told
        on true`.execute(tables.tables());
    if (!rows[0]?.is_owner) throw this.refused(what);
    return rows.filter(({ is_row }) => is_row);
  }

  /** For a transaction whose other statements do not ask: throws as {@link write}, and keeps others out as it does. */
  async hold(tx: Tables, what: string): Promise<void> {
    const { rows } = await sql`${this.#stands()}`.execute(tx.tables());
    if (rows.length === 0) throw this.refused(what);
  }

  /** Runs `run` in a transaction that is {@link hold held} from its beginning. */
  async transaction<R>(
    database: Pick<Database, 'transaction'>,
    what: string,
    run: (tx: Tables) => Promise<R>,
  ): Promise<R> {
    return await database.transaction(async (tx) => {
      await this.hold(tx, what);
      return await run(tx);
    });
  }

  /** The error of a write that a row or the lease has refused. Whoever meets it ends; so does the process. */
  refused(what: string): CitywatchError {
    this.#deps.overtaken();
    const { node, epoch } = this.self;
    return new CitywatchError('lease.lost', {
      detail: `Another gateway has taken over from ${node} (epoch ${epoch}): ${what} was not written. Start it again.`,
    });
  }

  #stands(): RawBuilder<unknown> {
    return sql`select epoch from owned_epoch(${this.self.epoch}) as epoch`;
  }
}

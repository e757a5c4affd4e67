import { CitywatchError } from '../../core/errors.ts';
import { InTurn } from '../../core/mechanisms/one-at-a-time.ts';
import type { DeviceId } from '../../core/types.ts';
import { sql, type Tables } from '../../platform/database/database.ts';
import type { DirectoryEntry } from '../registry/directory.ts';
import { Registry, type RegistryDeps } from '../registry/registry.ts';

/**
 * A registry whose edits all belong to one transaction, so that many rows of a file, their audit rows and how far the
 * import is stand or fall together. Each edit has a savepoint: one that is refused leaves the others as they are.
 */
export class OneTransaction {
  readonly registry: Registry;
  readonly #directory: RegistryDeps['directory'];
  readonly #changed: DirectoryEntry[] = [];
  readonly #removed: DeviceId[] = [];
  readonly #edit: RegistryDeps['database']['transaction'];

  constructor(tx: Tables, deps: RegistryDeps) {
    const { directory } = deps;
    this.#directory = directory;
    this.#edit = savepoints(tx);
    const database = { tables: <T>() => tx.tables<T>(), transaction: this.#edit };
    const seen: RegistryDeps['directory'] = {
      get: (id) => directory.get(id),
      ids: () => directory.ids(),
      within: (scope) => directory.within(scope),
      fill: (entries) => directory.fill(entries),
      apply: (entry) => void this.#changed.push(entry),
      remove: (id) => directory.remove(id),
    };
    this.registry = new Registry({ ...deps, database, directory: seen });
  }

  /** Does what other rows of the database may forbid, since they refer to it; false where they did. */
  async attempt(run: (tx: Tables) => Promise<void>): Promise<boolean> {
    try {
      await this.#edit(run);
      return true;
    } catch (error) {
      if (error instanceof CitywatchError && error.code === 'conflict.reference') return false;
      throw error;
    }
  }

  /** The device has no row any more. */
  removed(id: DeviceId): void {
    this.#removed.push(id);
  }

  /** To be called once the transaction is committed: tells the directory, and by it everybody. */
  committed(): void {
    for (const entry of this.#changed) this.#directory.apply(entry);
    for (const id of this.#removed) this.#directory.remove(id);
  }
}

/** One savepoint after the other: they are all on one connection. */
function savepoints(tx: Tables): RegistryDeps['database']['transaction'] {
  const turns = new InTurn();
  return (run) =>
    turns.run(async () => {
      await sql`savepoint edit`.execute(tx.tables());
      try {
        const result = await run(tx);
        await sql`release savepoint edit`.execute(tx.tables());
        return result;
      } catch (error) {
        await sql`rollback to savepoint edit`.execute(tx.tables());
        throw error;
      }
    });
}

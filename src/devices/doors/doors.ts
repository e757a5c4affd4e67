import type { Clock } from '../../core/clock.ts';
import type { Place, Scope } from '../../core/jurisdiction.ts';
import { type Caller, DEVICE_ID, type DeviceId, type DeviceIdentity } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { Questions } from '../../platform/follow/questions.ts';
import type { Kinds } from '../kinds/kinds.ts';
import type { Directory, DirectoryEntry, PlacedDevice } from '../registry/directory.ts';
import { directoryEntries } from '../registry/queries.ts';

export interface DoorsDeps {
  directory: Directory;
  /** Those who stand at a door wait for it, not for the edits of others. */
  database: Database<'handling'>;
  kinds: Kinds;
  clock: Clock;
}

/**
 * Lets devices in by the directory in memory. Whoever would be refused is first looked for in the database, because
 * another process may have registered the device, or given it another secret, a moment ago.
 */
export class Doors {
  readonly #directory: Directory;
  readonly #questions: Questions<DirectoryEntry>;

  constructor({ directory, database, kinds, clock }: DoorsDeps) {
    this.#directory = directory;
    this.#questions = new Questions({
      clock,
      ask: async (ids) => {
        const entries = await directoryEntries(database, kinds, { ids, limit: ids.length });
        for (const entry of entries) directory.apply(entry);
        return new Map(entries.map((entry) => [entry.identity.id, entry]));
      },
    });
  }

  /**
   * Null for a device that is unknown or retired, as for a wrong secret; takes the same time for all three. Rejects
   * with a retryable error where nobody can tell now: PostgreSQL is away, or too many are being guessed.
   */
  async authenticate(id: DeviceId, secret: string): Promise<DeviceIdentity | null> {
    const known = this.#directory.authenticate(id, secret);
    if (known || !DEVICE_ID.test(id)) return known;
    await this.#questions.ask(id);
    return this.#directory.authenticate(id, secret);
  }

  /** From memory alone. Undefined for a device that is unknown or retired. */
  identity(id: DeviceId): DeviceIdentity | undefined {
    return this.#directory.identity(id);
  }

  /** As that of the directory. */
  seenBy(caller: Caller, id: DeviceId): DeviceIdentity | undefined {
    return this.#directory.seenBy(caller, id);
  }

  /** As that of the directory. */
  everSeenBy(caller: Caller, id: DeviceId): DeviceIdentity | undefined {
    return this.#directory.everSeenBy(caller, id);
  }

  /** As that of the directory. */
  needsIncident(id: DeviceId): boolean {
    return this.#directory.needsIncident(id);
  }

  /** As that of the directory. */
  within(scope: Scope): Iterable<DeviceIdentity> {
    return this.#directory.within(scope);
  }

  /** As that of the directory. */
  placed(scope: Scope): Iterable<PlacedDevice> {
    return this.#directory.placed(scope);
  }

  /** As that of the directory. */
  changes(): number {
    return this.#directory.changes();
  }

  /** As that of the directory. */
  counts(scope: Scope): Iterable<Place & { count: number }> {
    return this.#directory.counts(scope);
  }

  /** Undefined for a device that is unknown or retired. Rejects as {@link authenticate}. */
  async find(id: DeviceId): Promise<DeviceIdentity | undefined> {
    // One that is retired is known: nobody comes back from there.
    if (!this.#directory.get(id) && DEVICE_ID.test(id)) await this.#questions.ask(id);
    return this.#directory.identity(id);
  }
}

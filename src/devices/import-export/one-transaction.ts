import { CitywatchError } from '../../core/errors.ts';
import { InTurn } from '../../core/mechanisms/one-at-a-time.ts';
import type { DeviceId } from '../../core/types.ts';
import { sql, type Tables } from '../../platform/database/database.ts';
import { LifeSteps } from '../life/life-steps.ts';
import { Maintenances, type MaintenancesDeps } from '../life/maintenances.ts';
import { Restoring } from '../life/restoring.ts';
import type { DirectoryEntry } from '../registry/directory.ts';
import type { DeviceFollower, DeviceStanding } from '../registry/followers.ts';
import { Registry, type RegistryDeps } from '../registry/registry.ts';
import { UnitLabels } from '../units/labels.ts';
import { Units, type UnitsDeps } from '../units/units.ts';

/** What edits of the registry and of units need. */
export interface EditDeps extends RegistryDeps, Pick<UnitsDeps, 'cameras'> {
  maintenance: Pick<MaintenancesDeps, 'ownership' | 'withheld' | 'maxMs'>;
}

/**
 * A registry whose edits all belong to one transaction, so that many rows of a file, their audit rows and how far the
 * import is stand or fall together. Each edit has a savepoint: one that is refused leaves the others as they are.
 */
export class OneTransaction {
  readonly registry: Registry;
  readonly units: Units;
  readonly unitLabels: UnitLabels;
  readonly life: LifeSteps;
  readonly maintenances: Maintenances;
  readonly restoring: Restoring;
  readonly #tx: Tables;
  readonly #cameras: EditDeps['cameras'];
  /** Devices whose units are others now. */
  readonly #restated: DeviceId[] = [];
  readonly #directory: RegistryDeps['directory'];
  readonly #changed: DirectoryEntry[] = [];
  readonly #removed: DeviceId[] = [];
  /** Devices that moved or were retired, and where they are now. */
  #left: [DeviceId, DeviceStanding][] = [];
  readonly #edit: RegistryDeps['database']['transaction'];

  constructor(tx: Tables, deps: EditDeps) {
    const { directory, cameras } = deps;
    this.#tx = tx;
    this.#cameras = cameras;
    this.#directory = directory;
    const edit = savepoints(tx);
    this.#edit = (run) => edit((inside) => this.#forgetting(() => run(inside)));
    const database = { tables: <T>() => tx.tables<T>(), transaction: this.#edit };
    const seen: RegistryDeps['directory'] = {
      get: (id) => directory.get(id),
      ids: () => directory.ids(),
      within: (scope) => directory.within(scope),
      fill: (entries) => directory.fill(entries),
      apply: (entry) => void this.#changed.push(entry),
      remove: (id) => directory.remove(id),
    };
    const noting: DeviceFollower = {
      follow: async (_tx, devices) => void this.#left.push(...devices),
      settle: async () => {},
    };
    const inside = { ...deps, database, directory: seen, followers: [noting] };
    this.registry = new Registry(inside);
    const later = { ...cameras, restated: (id: DeviceId) => void this.#restated.push(id) };
    this.units = new Units({ ...inside, cameras: later });
    this.unitLabels = new UnitLabels({ ...inside, cameras: later });
    this.life = new LifeSteps(inside);
    this.restoring = new Restoring(inside);
    this.maintenances = new Maintenances({ ...inside, ...deps.maintenance });
  }

  /** Several edits that stand or fall together. Nothing else may be under way meanwhile. */
  async together<Result>(edits: () => Promise<Result>): Promise<Result> {
    const [changed, restated] = [this.#changed.length, this.#restated.length];
    await sql`savepoint together`.execute(this.#tx.tables());
    try {
      const result = await this.#forgetting(edits);
      await sql`release savepoint together`.execute(this.#tx.tables());
      return result;
    } catch (error) {
      await sql`rollback to savepoint together`.execute(this.#tx.tables());
      this.#changed.length = changed;
      this.#restated.length = restated;
      throw error;
    }
  }

  /** What is to follow by {@link followAll}. */
  get left(): readonly [DeviceId, DeviceStanding][] {
    return this.#left;
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

  /** An edit that is taken back has moved nothing. */
  async #forgetting<Result>(edit: () => Promise<Result>): Promise<Result> {
    const before = this.#left.length;
    try {
      return await edit();
    } catch (error) {
      this.#left = this.#left.slice(0, before);
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
    for (const id of this.#restated) this.#cameras.restated(id);
  }
}

/**
 * Has what goes with moved and retired devices follow. To be called last in the transaction, for all of it: until the
 * commit every alert waits for whoever takes along those of a device. A dry run has nothing follow.
 */
export async function followAll(
  tx: Tables,
  followers: readonly DeviceFollower[],
  done: readonly OneTransaction[],
): Promise<void> {
  const devices = new Map(done.flatMap(({ left }) => left));
  if (devices.size === 0) return;
  for (const follower of followers) await follower.follow(tx, devices);
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

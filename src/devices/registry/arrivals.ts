import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import { Batches } from '../../core/mechanisms/batches.ts';
import type { Caller, Device } from '../../core/types.ts';
import { sql, type Tables } from '../../platform/database/database.ts';
import { recordAudits } from '../../platform/records/audit.ts';
import type { Kinds } from '../kinds/kinds.ts';
import { checkCameras, checkParents, replaceCameras } from './checks.ts';
import type { DirectorySync, DirectorySyncDeps } from './directory-sync.ts';
import { insertNewcomers, type Newcomer } from './newcomer.ts';
import { findDevice } from './queries.ts';
import { unlikelyPlaces } from './unlikely-place.ts';

export interface ArrivalsDeps {
  sync: DirectorySync;
  directory: DirectorySyncDeps['directory'];
  kinds: Kinds;
  clock: Clock;
}

/** A new device and who registers it. All that can be said of it without the database has been checked. */
export interface Arrival extends Newcomer {
  caller: Caller;
}

/** The device, or why it was refused. */
type Outcome = Device | CitywatchError;
type Together = Batches<Arrival, Outcome>;

/** HTTP statuses from here on are no fault of who asked. */
const FAILURES = 500;

/** More would make who comes meanwhile wait for longer than the commits saved are worth. */
const TOGETHER_MAX = 64;

/**
 * Registers new devices, each with its audit row in the same transaction. Those that come while a transaction is under
 * way share the next one, and each has an outcome of its own: to begin, to commit and to wait for the disk costs more
 * than all the rows of a device.
 */
export class Arrivals {
  readonly #deps: ArrivalsDeps;
  readonly #batches: Together;
  /** Those of {@link registerAll} that name a parent or cameras: their callers wait for each other anyway. */
  readonly #linked: Together;

  constructor(deps: ArrivalsDeps) {
    this.#deps = deps;
    const together = { run: (arrivals: Arrival[]) => this.#take(arrivals), max: TOGETHER_MAX };
    this.#batches = new Batches(together);
    this.#linked = new Batches(together);
  }

  /** Errors: `conflict.exists`, `request.confirm`, `request.invalid` for a parent or camera. */
  async register(arrival: Arrival): Promise<Device> {
    // A parent has a lock for itself, and is looked at in several steps: nobody else is made to wait for that.
    const alone = isLinked(arrival);
    const outcome = alone ? (await this.#take([arrival]))[0] : await this.#batches.add(arrival);
    if (outcome instanceof CitywatchError) throw outcome;
    return outcome!;
  }

  /**
   * The outcome of each, in their order: none stands or falls with another. Those without a parent or cameras come
   * first, so that others may name them; of the others a parent stands before its children. Errors of each as of
   * {@link register}; rejects where that is the database's doing for all of them.
   */
  async registerAll(arrivals: readonly Arrival[]): Promise<Outcome[]> {
    const outcomes = new Map<Arrival, Outcome>();
    const settle = (batches: Together, some: readonly Arrival[]) =>
      Promise.all(some.map(async (arrival) => outcomes.set(arrival, await batches.add(arrival).catch(refusalOf))));
    await settle(
      this.#batches,
      arrivals.filter((arrival) => !isLinked(arrival)),
    );
    await settle(this.#linked, arrivals.filter(isLinked));
    const results = arrivals.map((arrival) => outcomes.get(arrival)!);
    const [first] = results;
    const isFailure = (result: Outcome) => result instanceof CitywatchError && result.status >= FAILURES;
    if (first instanceof CitywatchError && results.every(isFailure)) throw first;
    return results;
  }

  /** The outcome of each. Rejects, with nothing done, where the database refuses or a parent or camera is wrong. */
  #take(arrivals: Arrival[]): Promise<Outcome[]> {
    const ids = arrivals.map(({ id }) => id);
    return this.#deps.sync.commitAll(ids, async (tx) => {
      const placings = arrivals.map(({ id, caller, input, location }) => {
        const { jurisdiction, confirm = false } = input;
        return { scope: ownArea(caller), id, ...location, jurisdiction, confirm };
      });
      const refusals = await unlikelyPlaces(tx, this.#deps.directory, placings);
      const likely = arrivals.filter((_, index) => refusals[index] === null);
      const made = await this.#make(tx, likely);
      const changed = [...made].flatMap(([{ secretHash }, device]) =>
        device instanceof CitywatchError ? [] : [{ device, secretHash }],
      );
      const result = arrivals.map((arrival, index) => refusals[index] ?? made.get(arrival)!);
      return { changed, result };
    });
  }

  /** What becomes of each: those whose ids are still free are made. */
  async #make(tx: Tables, arrivals: Arrival[]): Promise<Map<Arrival, Outcome>> {
    const atMs = this.#deps.clock.nowMs();
    const made = new Map<Arrival, Outcome>();
    const inserted = await insertNewcomers(tx, arrivals, atMs);
    for (const [index, arrival] of arrivals.entries()) {
      made.set(arrival, inserted[index]!);
    }
    await this.#hang(tx, made);
    for (const [arrival, device] of made) {
      const { cameras = [] } = arrival.input;
      if (cameras.length > 0 && !(device instanceof CitywatchError)) made.set(arrival, await this.#link(tx, arrival));
    }
    const entries = [...made].flatMap(([{ caller }, device]) => {
      if (device instanceof CitywatchError) return [];
      const { id, jurisdiction } = device;
      return { caller, action: 'device.create', subject: `device/${id}`, jurisdiction, after: device, atMs };
    });
    await recordAudits(tx, entries);
    return made;
  }

  /** Names the parents of devices that were inserted without them, of all by the same few statements. */
  async #hang(tx: Tables, made: Map<Arrival, Outcome>): Promise<void> {
    const hanging = [...made].flatMap(([arrival, device]) => {
      const { parent = null, kind } = arrival.input;
      if (parent === null || device instanceof CitywatchError) return [];
      const scope = ownArea(arrival.caller);
      return [{ arrival, device, scope, id: device.id, parent, hangsOn: this.#deps.kinds.latest(kind)?.hangsOn }];
    });
    if (hanging.length === 0) return;
    await checkParents(tx, hanging);
    await sql`
      update position set parent = hung.parent
      from unnest(${hanging.map(({ id }) => id)}::text[], ${hanging.map(({ parent }) => parent)}::text[])
        as hung (id, parent)
      where position.id = hung.id`.execute(tx.tables());
    for (const { arrival, device, parent } of hanging) made.set(arrival, { ...device, parent });
  }

  /** Names the cameras of a device that was inserted without them, and reads it as it then stands. */
  async #link(tx: Tables, { id, input, caller }: Arrival): Promise<Device> {
    const { cameras = [] } = input;
    await checkCameras(tx, ownArea(caller), { id, cameras, kinds: this.#deps.kinds });
    await replaceCameras(tx, ownArea(caller), { id, cameras });
    const device = await findDevice(tx, ownArea(caller), id);
    if (!device) throw new CitywatchError('not-found');
    return device;
  }
}

function isLinked({ input: { parent = null, cameras = [] } }: Arrival): boolean {
  return parent !== null || cameras.length > 0;
}

function refusalOf(error: unknown): CitywatchError {
  if (error instanceof CitywatchError) return error;
  throw error;
}

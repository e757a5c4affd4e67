import type { Clock } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import type { Observer } from '../../core/observe.ts';
import type { Device, DeviceId } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import type { Database, Tables } from '../../platform/database/database.ts';
import type { Kinds } from '../kinds/kinds.ts';
import { type Directory, type DirectoryEntry, labelled } from './directory.ts';
import { directoryEntries } from './queries.ts';

export interface DirectorySyncDeps {
  /** Of an edit that is part of a larger one: its transaction, which gives each edit a savepoint. */
  database: Tables & Pick<Database, 'transaction'>;
  kinds: Kinds;
  directory: Pick<Directory, 'get' | 'ids' | 'within' | 'fill' | 'apply' | 'remove'>;
  clock: Clock;
  observer: Observer;
}

/** A device as a change leaves it. */
export interface ChangedDevice {
  device: Device;
  /** Of a device that is new: there is nothing to be read then. */
  secretHash?: Buffer;
}

/** What a transaction changed, and what its caller is told. */
export interface Changes<Result> {
  changed: ChangedDevice[];
  result: Result;
}

const PAGE = 5_000;
const RECHECK_MS = 1_000;
/** Beyond this, one look at everything is cheaper and needs no list. */
const DOUBTFUL_MAX = 10_000;

/** Keeps the directory in step with what was committed. */
export class DirectorySync {
  readonly #deps: DirectorySyncDeps;
  /** Devices whose last change may or may not have been committed: the connection died meanwhile. */
  readonly #doubtful = new Set<DeviceId>();

  constructor(deps: DirectorySyncDeps) {
    this.#deps = deps;
  }

  /** Reads every device into the directory, at a start. */
  async load(): Promise<void> {
    for await (const page of this.#pages()) this.#deps.directory.fill(page);
  }

  /** Takes over what was changed of these, by whoever it was. */
  async changed(ids: readonly DeviceId[]): Promise<void> {
    const { database, kinds, directory } = this.#deps;
    for (const some of chunksOf(ids, PAGE)) {
      const before = new Map(some.map((id) => [id, directory.get(id)]));
      for (const entry of await directoryEntries(database, kinds, { ids: some, limit: some.length })) {
        directory.apply(entry);
        before.delete(entry.identity.id);
      }
      for (const [id, entry] of before) if (directory.get(id) === entry) directory.remove(id);
    }
  }

  /** Takes over whatever was changed. */
  async all(): Promise<void> {
    const { directory } = this.#deps;
    // Those that are made meanwhile are none that were lost.
    const unseen = new Set(directory.ids());
    for await (const page of this.#pages()) {
      for (const entry of page) {
        directory.apply(entry);
        unseen.delete(entry.identity.id);
      }
    }
    await this.changed([...unseen]);
  }

  async *#pages(): AsyncGenerator<DirectoryEntry[]> {
    const { database, kinds } = this.#deps;
    for (let after = ''; ; ) {
      const page = await directoryEntries(database, kinds, { after, limit: PAGE });
      yield page;
      if (page.length < PAGE) return;
      after = page.at(-1)!.identity.id;
    }
  }

  /** Runs a change of one device in a transaction, and brings the directory up to what was committed. */
  commit(id: DeviceId, run: (tx: Tables) => Promise<ChangedDevice>): Promise<Device> {
    return this.commitAll([id], async (tx) => {
      const change = await run(tx);
      return { changed: [change], result: change.device };
    });
  }

  /** As {@link commit} for several devices; `ids` are all that may be changed, and resolves with `result`. */
  async commitAll<Result>(ids: readonly DeviceId[], run: (tx: Tables) => Promise<Changes<Result>>): Promise<Result> {
    try {
      const { entries, result } = await this.#deps.database.transaction(async (tx) => {
        const { changed, result } = await run(tx);
        return { entries: await this.#entriesOf(tx, changed), result };
      });
      for (const entry of entries) this.#deps.directory.apply(entry);
      return result;
    } catch (error) {
      if (error instanceof CitywatchError && error.code === 'store.unavailable') for (const id of ids) this.#doubt(id);
      throw error;
    }
  }

  async #entriesOf(tx: Tables, changed: ChangedDevice[]): Promise<DirectoryEntry[]> {
    const { kinds } = this.#deps;
    const known = changed.flatMap(({ device, secretHash }) => (secretHash ? [this.#entryOf(device, secretHash)] : []));
    const ids = changed.flatMap(({ device, secretHash }) => (secretHash ? [] : [device.id]));
    if (ids.length === 0) return known;
    return [...known, ...(await directoryEntries(tx, kinds, { ids, limit: ids.length }))];
  }

  #entryOf(
    { id, name, kind, jurisdiction, police = null, state, parent, location, accessClass, file, version }: Device,
    secretHash: Buffer,
  ): DirectoryEntry {
    const identity = { id, kind, kindVersion: this.#deps.kinds.currentVersion(kind), jurisdiction, police };
    const { owner = null, tags = [] } = file;
    const place = [location.lon, location.lat] as const;
    const labels = labelled(owner, tags);
    return { identity, name, state, parent, place, accessClass, ...labels, secretHash, version };
  }

  /** A COMMIT whose answer was lost may have happened: looks again until the database says. */
  #doubt(id: DeviceId): void {
    if (this.#doubtful.size === 0) this.#deps.clock.after(RECHECK_MS, () => void this.#recheck());
    if (this.#doubtful.size < DOUBTFUL_MAX) this.#doubtful.add(id);
  }

  async #recheck(): Promise<void> {
    const { clock, observer } = this.#deps;
    const ids = [...this.#doubtful].slice(0, PAGE);
    try {
      if (this.#doubtful.size === DOUBTFUL_MAX) await this.all();
      await this.changed(ids);
      for (const id of ids) this.#doubtful.delete(id);
    } catch (error) {
      observer.log.debug({ part: 'registry', reason: messageOf(error) }, 'cannot check doubtful changes yet');
    }
    if (this.#doubtful.size > 0) clock.after(RECHECK_MS, () => void this.#recheck());
  }
}

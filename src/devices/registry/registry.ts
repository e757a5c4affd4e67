import { randomBytes } from 'node:crypto';
import { CitywatchError, invalid } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller, Device, DeviceId } from '../../core/types.ts';
import { type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import type { Follower } from '../../platform/follow/follow.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { newSecret, type SecretHasher } from '../../platform/secrets/hasher.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { CameraAddresses } from '../cameras/addresses.ts';
import { refuseWhileTold } from '../doors/secret-change-rows.ts';
import { replaceSecret } from '../doors/secret-overlaps.ts';
import { checkFileChange, type FileRights } from '../file/file-change.ts';
import { typeLogin } from '../logins/keep.ts';
import { type Arrival, Arrivals } from './arrivals.ts';
import { type Change, changedColumns, newPlace } from './changed-columns.ts';
import {
  checkCameras,
  checkJurisdiction,
  checkParent,
  endForeignLinks,
  type KnownJurisdictions,
  lockTree,
  replaceCameras,
  storedLocation,
} from './checks.ts';
import type { ShownAddresses } from './connections.ts';
import * as connections from './connections.ts';
import { DirectorySync, type DirectorySyncDeps } from './directory-sync.ts';
import { type DeviceFollower, tellFollowers } from './followers.ts';
import type { DeviceInput, DevicePatch } from './input.ts';
import { exists, type Hardware } from './newcomer.ts';
import { findDevice } from './queries.ts';
import type { RegistryTables } from './tables.ts';
import { checkPlace } from './unlikely-place.ts';

export interface RegistryDeps extends DirectorySyncDeps {
  jurisdictions: KnownJurisdictions;
  hasher: SecretHasher;
  vault: Vault;
  authority: FileRights;
  /** What goes with a device that moves or is retired, in this order. */
  followers: readonly DeviceFollower[];
  /** The only addresses at which devices may be contacted. */
  cameraNetworks: readonly string[];
}

/** For tests: devices may be contacted anywhere, this machine included. */
export const ANY_NETWORK: readonly string[] = ['0.0.0.0/0', '::/0'];

type Position = RegistryTables['position'];

/** A new device, the secret of its unit, and where it is reached, logins masked. */
export interface Created {
  device: Device;
  secret: string;
  addresses: ShownAddresses;
}

/**
 * What one of several devices is created with. `unit` hangs there from the first; whoever names it holds `lockUnits`
 * and knows that it was never heard of.
 */
export type ComingDevice = DeviceInput & { unit?: Hardware };

interface Newcomer {
  arrival: Arrival;
  secret: string;
}

/** What exists: positions, their units, who may see them. Every change writes its audit row in the same transaction. */
export class Registry {
  readonly #deps: RegistryDeps;
  readonly #sync: DirectorySync;
  readonly #arrivals: Arrivals;
  readonly #addresses: CameraAddresses;

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
    this.#sync = new DirectorySync(deps);
    this.#arrivals = new Arrivals({ ...deps, sync: this.#sync });
    this.#addresses = new CameraAddresses(deps.cameraNetworks);
  }

  /**
   * Fails with `request.invalid`, `request.confirm`, `conflict.exists`. The secret is answered this once and kept only
   * as a hash; `addresses` is where the device is reached, logins masked.
   */
  async create(caller: Caller, input: DeviceInput): Promise<Created> {
    const newcomer = this.#newcomer(caller, input);
    return createdOf(newcomer, await this.#arrivals.register(newcomer.arrival));
  }

  /**
   * As {@link create} for several, with an outcome of each in their order: one that is refused keeps no other from its
   * place. They share transactions; each has its audit row. A parent stands before its children; of two with the same
   * id the first counts. Rejects where the database took none of them.
   */
  async createMany(caller: Caller, inputs: readonly ComingDevice[]): Promise<(Created | CitywatchError)[]> {
    const ids = new Set<DeviceId>();
    const checked = inputs.map((input) => {
      try {
        const newcomer = this.#newcomer(caller, input);
        if (ids.has(newcomer.arrival.id)) return exists();
        ids.add(newcomer.arrival.id);
        return newcomer;
      } catch (error) {
        if (error instanceof CitywatchError) return error;
        throw error;
      }
    });
    const coming = checked.flatMap((one) => (one instanceof CitywatchError ? [] : [one]));
    const made = await this.#arrivals.registerAll(coming.map(({ arrival }) => arrival));
    const outcomes = new Map(coming.map((newcomer, index) => [newcomer, made[index]!]));
    return checked.map((one) => {
      if (one instanceof CitywatchError) return one;
      const device = outcomes.get(one)!;
      return device instanceof CitywatchError ? device : createdOf(one, device);
    });
  }

  /** Fails with `not-found`, for a device beyond the caller's jurisdiction as for one that does not exist. */
  get(caller: Caller, id: DeviceId): Promise<Device> {
    return this.#read(this.#deps.database, caller, id);
  }

  /** Fails with `not-found`, `precondition.stale`, `conflict.state` (retired), `request.invalid`. */
  async update(caller: Caller, id: DeviceId, expectedVersion: number, patch: DevicePatch): Promise<Device> {
    this.#addresses.check(patch);
    return this.#change({ caller, id, expectedVersion, action: 'device.update' }, async (tx, current) => {
      await typeLogin(tx, this.#deps.vault, { patch, current, atMs: this.#deps.clock.nowMs() });
      if (patch.stream != null) this.#checkKind({ kind: current.kind, stream: patch.stream });
      if (patch.jurisdiction !== undefined && patch.jurisdiction !== current.jurisdiction) {
        checkJurisdiction(this.#deps.jurisdictions, patch.jurisdiction, ownArea(caller));
        await endForeignLinks(tx, ownArea(caller), { id, jurisdiction: patch.jurisdiction });
      }
      await checkFileChange(tx, caller, { patch, current, rights: this.#deps.authority });
      const place = newPlace(patch, current);
      const scope = ownArea(caller);
      if (place) await checkPlace(tx, this.#deps.directory, { scope, id, ...place, confirm: patch.confirm ?? false });
      if (patch.cameras) {
        await checkCameras(tx, ownArea(caller), { id, cameras: patch.cameras, kinds: this.#deps.kinds });
        await replaceCameras(tx, ownArea(caller), { id, cameras: patch.cameras });
      }
      return {
        ...changedColumns(this.#deps.vault, patch, current),
        ...(await this.#parentChange(tx, caller, { patch, current })),
      };
    });
  }

  /** A retired device keeps its row and history, is refused at every door, and its id is never given out again. */
  async retire(caller: Caller, id: DeviceId, expectedVersion: number, reason?: string): Promise<void> {
    const told = reason === undefined ? {} : { told: { reason } };
    await this.#change({ caller, id, expectedVersion, action: 'device.retire', ...told }, async (tx) => {
      // Whoever is about to hang something on it has done so, or finds it retired.
      await lockTree(tx);
      const child = await tx
        .tables<RegistryTables>()
        .selectFrom('position')
        .select('id')
        .where('parent', '=', id)
        .where('state', '!=', 'retired')
        .limit(1)
        .executeTakeFirst();
      if (child) throw new CitywatchError('conflict.reference', { detail: 'It is the parent of devices in use.' });
      return { state: 'retired' };
    });
  }

  /**
   * Replaces the secret of the unit that stands there. The old one stops working at once, or, with `overlapMs`, when
   * the new one was used for the first time, and after that time at the latest.
   */
  async rotateSecret(caller: Caller, id: DeviceId, overlapMs = 0): Promise<string> {
    const secret = newSecret();
    const { hasher, clock, directory } = this.#deps;
    await this.#change({ caller, id, expectedVersion: null, action: 'device.rotate-secret' }, async (tx) => {
      if (overlapMs > 0) await refuseWhileTold(tx, id);
      const isPresentUsed = directory.get(id)?.oldSecret?.untilMs === 0;
      await replaceSecret(tx, clock, { device: id, secretHash: hasher.hash(secret), overlapMs, isPresentUsed });
      return {};
    });
    return secret;
  }

  /** Reads every device into the directory. */
  loadDirectory(): Promise<void> {
    return this.#sync.load();
  }

  /** Brings the directory up to what other processes change. */
  get follower(): Follower {
    return this.#sync;
  }

  /** Where a device is reached, logins masked. The caller's right to edit it is checked before. */
  async shownAddresses(id: DeviceId): Promise<ShownAddresses> {
    return connections.shownAddresses(await connections.connectionOf(this.#deps.database, id));
  }

  /** All that can be said of a new device without the database. */
  #newcomer(caller: Caller, { unit, ...input }: ComingDevice): Newcomer {
    this.#addresses.check(input);
    this.#checkKind(input);
    checkJurisdiction(this.#deps.jurisdictions, input.jurisdiction, ownArea(caller));
    const id = input.id ?? `${input.kind}-${randomBytes(6).toString('hex')}`;
    const secret = input.secret ?? newSecret();
    const { hasher, vault } = this.#deps;
    const stream = input.stream ? connections.storeStream(vault, id, input.stream) : null;
    const onvif = input.onvif ? connections.storeOnvif(vault, id, input.onvif) : null;
    return {
      arrival: {
        id,
        input,
        location: storedLocation(input.location),
        secretHash: hasher.hash(secret),
        stream,
        onvif,
        caller,
        ...(unit && { unit }),
      },
      secret,
    };
  }

  #checkKind({ kind, stream }: Pick<DeviceInput, 'kind' | 'stream'>): void {
    const known = this.#deps.kinds.latest(kind);
    if (!known) {
      const names = this.#deps.kinds.all().map((one) => one.kind);
      throw invalid('kind', `must be one of ${names.join(', ')}`);
    }
    if (stream != null && !known.stream) throw invalid('stream', `devices of kind ${kind} have no stream`);
  }

  async #parentChange(
    tx: Tables,
    caller: Caller,
    { patch, current }: { patch: DevicePatch; current: Position },
  ): Promise<Change> {
    if (patch.parent === undefined || patch.parent === current.parent) return {};
    if (patch.parent !== null) {
      const hangsOn = this.#deps.kinds.latest(current.kind)?.hangsOn;
      await checkParent(tx, ownArea(caller), { id: current.id, parent: patch.parent, hangsOn });
      return { parent: patch.parent };
    }
    // To somebody who cannot see the parent it reads as null; writing that back must not cut it off.
    const visible = await findDevice(tx, ownArea(caller), current.parent!);
    return visible ? { parent: null } : {};
  }

  async #change(
    request: { caller: Caller; id: DeviceId; expectedVersion: number | null; action: string; told?: object },
    edit: (tx: Tables, current: Position) => Promise<Change>,
  ): Promise<Device> {
    const { caller, id, expectedVersion, action, told } = request;
    return this.#sync.commit(id, async (tx) => {
      const db = tx.tables<RegistryTables>();
      // Not against who refers to it: one that hangs a device on it holds the tree, for which this one may wait.
      const locked = db.selectFrom('position').selectAll().where('id', '=', id).forNoKeyUpdate();
      const current = await withinJurisdiction(locked, 'jurisdiction', ownArea(caller), 'police').executeTakeFirst();
      if (!current) throw new CitywatchError('not-found');
      if (current.state === 'retired') throw new CitywatchError('conflict.state', { detail: 'The device is retired.' });
      if (expectedVersion !== null && current.version !== expectedVersion)
        throw new CitywatchError('precondition.stale');
      const before = await findDevice(tx, ownArea(caller), id);
      const change = await edit(tx, current);
      await db
        .updateTable('position')
        .set({ ...change, version: current.version + 1, updated_at_ms: this.#deps.clock.nowMs() })
        .where('id', '=', id)
        .execute();
      const after = await this.#read(tx, caller, id);
      await this.#audit(tx, { caller, action, before, after: { ...after, ...told } });
      await tellFollowers(tx, this.#deps.followers, { before: current.jurisdiction, after });
      return { device: after };
    });
  }

  async #read(tx: Tables, caller: Caller, id: DeviceId): Promise<Device> {
    const device = await findDevice(tx, caller, id);
    if (!device) throw new CitywatchError('not-found');
    return device;
  }

  #audit(
    tx: Tables,
    { caller, action, before, after }: { caller: Caller; action: string; before: Device | null; after: Device },
  ): Promise<void> {
    const { id, jurisdiction } = after;
    const atMs = this.#deps.clock.nowMs();
    return recordAudit(tx, { caller, action, subject: `device/${id}`, jurisdiction, before, after, atMs });
  }
}

function createdOf({ arrival: { stream, onvif }, secret }: Newcomer, device: Device): Created {
  return { device, secret, addresses: connections.shownAddresses({ stream, onvif }) };
}

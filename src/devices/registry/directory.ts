import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../../core/clock.ts';
import { covers, type Place, type Scope } from '../../core/jurisdiction.ts';
import type { Point } from '../../core/registry/geometry.ts';
import type { AccessClass } from '../../core/registry/position-file.ts';
import type { Caller, DeviceId, DeviceIdentity, DeviceState } from '../../core/types.ts';
import type { SecretHasher } from '../../platform/secrets/hasher.ts';

interface OldSecret {
  hash: Buffer;
  untilMs: number;
}

/** Of the file of a position. */
export interface DirectoryLabels {
  owner: string | null;
  tags: readonly string[];
}

/** As an entry has it: most positions have none. */
export function labelled(owner: string | null, tags: readonly string[]): { labels?: DirectoryLabels } {
  return owner === null && tags.length === 0 ? {} : { labels: { owner, tags } };
}

/** What is kept in memory of each device: enough to let it in and to label what it sends. */
export interface DirectoryEntry {
  identity: DeviceIdentity;
  /** What people call it. */
  name: string;
  state: DeviceState;
  /** The device it belongs to, like the recorder of a channel. */
  parent: DeviceId | null;
  /** Where it stands; WGS-84. */
  place: Point;
  /** How freely its pictures may be looked at. */
  accessClass: AccessClass;
  /** The department that answers for it, and what it is tagged with; absent where it has neither. */
  labels?: DirectoryLabels;
  secretHash: Buffer;
  /** The one before, where it is valid for a while. */
  oldSecret?: OldSecret;
  /** Version of the position; an older one never replaces a newer one. */
  version: number;
}

/** A device with its name, where it stands, and where it is in its life. */
export type PlacedDevice = Pick<DirectoryEntry, 'identity' | 'name' | 'place' | 'state'>;

/** Those who must know what becomes of devices. Must not throw; nobody waits for them. */
export interface DirectoryListeners {
  /** A device's secret or jurisdiction changed, or it is retired or gone: what it has open must not go on as before. */
  disconnect(id: DeviceId): void;
  /** The new secret of a device was used for the first time while the one before is valid. */
  secretUsed?(id: DeviceId): void;
  /** Of every committed change, `previous` null for a new device. */
  changed(entry: DirectoryEntry, previous: DirectoryEntry | null): void;
}

const SECRET_CHARACTERS_MAX = 512;
/** Steps upwards; more than a registry lets there be. */
const PARENTS_MAX = 64;

/**
 * Every device in memory, so that a connect or a message costs no query. Kept in step by the registry, and by the
 * follower of what other processes change.
 */
export class Directory {
  readonly #entries = new Map<DeviceId, DirectoryEntry>();
  /** Devices that are not retired, by whose they are. */
  readonly #areas = new Map<string, { place: Place; devices: Map<DeviceId, DeviceIdentity> }>();
  /** Devices that are in maintenance themselves. */
  readonly #maintained = new Set<DeviceId>();
  readonly #hasher: SecretHasher;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #nobody = randomBytes(32);
  #changes = 0;
  #listeners: DirectoryListeners | null = null;

  constructor(hasher: SecretHasher, clock: Pick<Clock, 'nowMs'> = systemClock) {
    this.#hasher = hasher;
    this.#clock = clock;
  }

  /** Tells of every change from now on. */
  listen(listeners: DirectoryListeners): void {
    this.#listeners = listeners;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: DeviceId): DirectoryEntry | undefined {
    return this.#entries.get(id);
  }

  /** Null for a device that is unknown or retired, as for a wrong secret; takes the same time for all three. */
  authenticate(id: DeviceId, secret: string): DeviceIdentity | null {
    if (secret.length > SECRET_CHARACTERS_MAX) return null;
    const entry = this.#entries.get(id);
    const right = this.#hasher.matches(secret, entry?.secretHash ?? this.#nobody);
    if (!entry || entry.state === 'retired') return null;
    if (!entry.oldSecret) return right ? entry.identity : null;
    return right ? this.#usedNew(entry, entry.oldSecret) : this.#byOld(secret, entry, entry.oldSecret);
  }

  /** From its first use on the new secret is the only one. */
  #usedNew(entry: DirectoryEntry, oldSecret: OldSecret): DeviceIdentity {
    if (oldSecret.untilMs > 0) this.#listeners?.secretUsed?.(entry.identity.id);
    this.#entries.set(entry.identity.id, { ...entry, oldSecret: { ...oldSecret, untilMs: 0 } });
    return entry.identity;
  }

  #byOld(secret: string, { identity }: DirectoryEntry, { hash, untilMs }: OldSecret): DeviceIdentity | null {
    const right = this.#hasher.matches(secret, hash);
    return right && this.#clock.nowMs() < untilMs ? identity : null;
  }

  /** Undefined for a device that is unknown or retired. */
  identity(id: DeviceId): DeviceIdentity | undefined {
    const entry = this.#entries.get(id);
    return entry && entry.state !== 'retired' ? entry.identity : undefined;
  }

  /** Whether its pictures are shown for an incident only. Of what is not known nobody can say that they are not. */
  needsIncident(id: DeviceId): boolean {
    return (this.#entries.get(id)?.accessClass ?? 'minors') === 'minors';
  }

  /** The topmost parent of a device; the device itself where it has none, or is unknown. */
  topmost(id: DeviceId): DeviceId {
    let top = id;
    // Edits are taken over one by one: for a moment two of them may look like a circle.
    for (let steps = 0; steps < PARENTS_MAX; steps += 1) {
      const parent = this.#entries.get(top)?.parent ?? null;
      if (parent === null) break;
      top = parent;
    }
    return top;
  }

  /** The device in maintenance: this one or the nearest above it; null where there is none. */
  maintained(id: DeviceId): DeviceId | null {
    // Nearly always: nobody is asked for each of a hundred thousand.
    if (this.#maintained.size === 0) return null;
    let entry = this.#entries.get(id);
    for (let steps = 0; entry && steps <= PARENTS_MAX; steps += 1) {
      if (entry.state === 'maintenance') return entry.identity.id;
      entry = entry.parent === null ? undefined : this.#entries.get(entry.parent);
    }
    return null;
  }

  /** The device, where the caller may see it; undefined alike for one that is foreign, unknown or retired. */
  seenBy(caller: Caller, id: DeviceId): DeviceIdentity | undefined {
    const identity = this.identity(id);
    return identity && covers(caller, identity) ? identity : undefined;
  }

  /** As {@link seenBy}, also one that is retired, by the place where it stood last. */
  everSeenBy(caller: Caller, id: DeviceId): DeviceIdentity | undefined {
    const identity = this.#entries.get(id)?.identity;
    return identity && covers(caller, identity) ? identity : undefined;
  }

  /** Every device within an area that is not retired. */
  *within(scope: Scope): Generator<DeviceIdentity> {
    for (const { place, devices } of this.#areas.values()) if (covers(scope, place)) yield* devices.values();
  }

  /** As {@link within}, with where each stands. */
  *placed(scope: Scope): Generator<PlacedDevice> {
    for (const { id } of this.within(scope)) {
      const entry = this.#entries.get(id);
      if (entry) yield entry;
    }
  }

  /** Another number after every change of what {@link within} and {@link placed} answer. */
  changes(): number {
    return this.#changes;
  }

  /** How many there are of each code and police agency within an area, retired ones left out. */
  *counts(scope: Scope): Generator<Place & { count: number }> {
    for (const { place, devices } of this.#areas.values()) {
      if (devices.size > 0 && covers(scope, place)) yield { ...place, count: devices.size };
    }
  }

  /** Every id, of retired devices too. */
  ids(): DeviceId[] {
    return [...this.#entries.keys()];
  }

  /** Takes over what stands in the database, at a start: nobody is told. */
  fill(entries: readonly DirectoryEntry[]): void {
    for (const entry of entries) this.#put(entry);
  }

  /** Takes over what was committed. May be told the same again, and out of order: the newest version stays. */
  apply(entry: DirectoryEntry): void {
    const { id, jurisdiction } = entry.identity;
    const old = this.#entries.get(id);
    if (old && (old.version > entry.version || isSame(old, entry))) return;
    this.#put(entry);
    this.#listeners?.changed(entry, old ?? null);
    if (!old) return;
    // What was let in by the secret that stays valid for a while goes on.
    const kept = entry.oldSecret?.hash;
    const isKept =
      kept?.equals(old.secretHash) === true || (old.oldSecret && kept?.equals(old.oldSecret.hash)) === true;
    const secretChanged = !old.secretHash.equals(entry.secretHash) && !isKept;
    const isElsewhere = old.identity.jurisdiction !== jurisdiction;
    const isLetIn = (one: DirectoryEntry): boolean => one.state !== 'retired';
    if (secretChanged || isElsewhere || isLetIn(old) !== isLetIn(entry)) this.#listeners?.disconnect(id);
  }

  /** The device has no row any more. */
  remove(id: DeviceId): void {
    const known = this.#entries.get(id);
    if (!known) return;
    this.#changes += 1;
    this.#entries.delete(id);
    this.#maintained.delete(id);
    this.#areas.get(keyOf(known.identity))?.devices.delete(id);
    this.#listeners?.disconnect(id);
  }

  #put(entry: DirectoryEntry): void {
    const { id, jurisdiction, police = null } = entry.identity;
    const known = this.#entries.get(id);
    if (known && known.version > entry.version) return;
    this.#changes += 1;
    this.#entries.set(id, entry);
    if (entry.state === 'maintenance') this.#maintained.add(id);
    else this.#maintained.delete(id);
    if (known) this.#areas.get(keyOf(known.identity))?.devices.delete(id);
    if (entry.state === 'retired') return;
    const key = keyOf(entry.identity);
    const area = this.#areas.get(key) ?? { place: { jurisdiction, police }, devices: new Map() };
    area.devices.set(id, entry.identity);
    this.#areas.set(key, area);
  }
}

function keyOf({ jurisdiction, police }: Place): string {
  return `${jurisdiction} ${police ?? ''}`;
}

function isSame(one: DirectoryEntry, other: DirectoryEntry): boolean {
  const [a, b] = [one.identity, other.identity];
  const isAlike = a.kind === b.kind && a.kindVersion === b.kindVersion && keyOf(a) === keyOf(b);
  // By hand, in psql, no version is raised.
  const isThere = one.version === other.version && one.state === other.state && one.parent === other.parent;
  const isCalled = one.name === other.name;
  const isShown = one.accessClass === other.accessClass && JSON.stringify(one.labels) === JSON.stringify(other.labels);
  const isOld = one.oldSecret?.hash.toString('hex') === other.oldSecret?.hash.toString('hex');
  return isAlike && isThere && isCalled && isShown && isOld && one.secretHash.equals(other.secretHash);
}

import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import type { Observer } from '../../core/observe.ts';
import type { DeviceId, DeviceIdentity } from '../../core/types.ts';
import type { Groups } from './groups.ts';

export interface OutagesDeps {
  groups: Pick<Groups, 'outageOf' | 'knownOf'>;
  parentOf(id: DeviceId): DeviceId | null;
  identity(id: DeviceId): DeviceIdentity | undefined;
  clock: Clock;
  observer: Observer;
}

/** Where it is told that devices below a parent went dark together. Saying the same again changes nothing. */
export interface OutageAlerts {
  /** Parents of which it was told and not taken back. */
  holding(): Promise<DeviceId[]>;
  say(parent: DeviceIdentity, isDark: boolean, data: { dark: number; of: number }): Promise<void>;
}

const EVERY_MS = 1_000;
/**
 * Time for what hangs on a device that is back to work again: video is tried every 30 s, waits for its turn behind
 * that of the others, and must come for some seconds.
 */
const RETURN_MS = 90_000;
/** Steps upwards; more than a registry lets there be. */
const PARENTS_MAX = 64;

/** What went dark together below one parent: told once, there, and known to those who tell of the devices. */
export class Outages {
  readonly #deps: OutagesDeps;
  /** Parents of which it was told that their children are dark together. */
  readonly #told = new Set<DeviceId>();
  /** Parents of which it is to be told, or taken back. */
  readonly #untold = new Set<DeviceId>();
  /** Devices that went dark with others, and when they were back; null while they are not. */
  readonly #returned = new Map<DeviceId, number | null>();
  readonly #telling = new Joined();
  #stop: () => void = () => {};

  constructor(deps: OutagesDeps) {
    this.#deps = deps;
  }

  /** A device is judged otherwise than before. Never throws. */
  judged(id: DeviceId): void {
    const outage = this.#deps.groups.outageOf(id);
    if ((outage !== null) !== this.#told.has(id)) this.#untold.add(id);
    for (const member of outage?.members ?? []) this.#returned.set(member, null);
    if (this.#isMember(id)) this.#returned.set(id, null);
    else if (this.#returned.get(id) === null) this.#returned.set(id, this.#deps.clock.monotonicMs());
  }

  /** The nearest device above with whose other children this one went dark; null where there is none. */
  above(id: DeviceId): DeviceId | null {
    for (const one of this.#upwards(id)) if (this.#isMember(one)) return this.#deps.parentOf(one);
    return null;
  }

  /** Whether it, or what it hangs on, went dark with others and was so until a moment ago. */
  lately(id: DeviceId): boolean {
    for (const one of this.#upwards(id)) {
      const atMs = this.#returned.get(one);
      if (atMs === null || (atMs !== undefined && this.#isRecent(atMs))) return true;
    }
    return false;
  }

  /** How many devices hang on the same parent and are judged, this one among them. */
  beside(id: DeviceId): number {
    const parent = this.#deps.parentOf(id);
    return parent === null ? 0 : this.#deps.groups.knownOf(parent);
  }

  /** Begins with what was told before a restart, and may have ended meanwhile. */
  async start(alerts: OutageAlerts): Promise<void> {
    for (const id of await alerts.holding()) {
      this.#told.add(id);
      this.#untold.delete(id);
      this.judged(id);
    }
    this.#stop = this.#deps.clock.every(EVERY_MS, () => {
      this.#forget();
      void this.tell(alerts);
    });
  }

  async stop(): Promise<void> {
    this.#stop();
    await this.#telling.settled();
  }

  /** Tells what is untold. Never rejects: what could not be told is tried again. */
  tell(alerts: OutageAlerts): Promise<void> {
    if (this.#untold.size === 0) return Promise.resolve();
    return this.#telling.run(async () => {
      try {
        for (const id of [...this.#untold]) await this.#tell(alerts, id);
      } catch (error) {
        this.#deps.observer.log.warn({ part: 'health', error: messageOf(error) }, 'an outage is told later');
      }
    });
  }

  *#upwards(id: DeviceId): Generator<DeviceId> {
    let one: DeviceId | null = id;
    for (let steps = 0; one !== null && steps < PARENTS_MAX; steps += 1) {
      yield one;
      one = this.#deps.parentOf(one);
    }
  }

  #isMember(id: DeviceId): boolean {
    const parent = this.#deps.parentOf(id);
    return parent !== null && this.#deps.groups.outageOf(parent)?.members.has(id) === true;
  }

  #isRecent(atMs: number): boolean {
    return this.#deps.clock.monotonicMs() - atMs < RETURN_MS;
  }

  /** An outage is over, too, where a few stay dark: they have a cause of their own from then on. */
  #forget(): void {
    for (const [id, atMs] of this.#returned) {
      if (atMs === null && !this.#isMember(id)) this.#returned.set(id, this.#deps.clock.monotonicMs());
      else if (atMs !== null && !this.#isRecent(atMs)) this.#returned.delete(id);
    }
  }

  async #tell(alerts: OutageAlerts, id: DeviceId): Promise<void> {
    const { groups, identity } = this.#deps;
    const outage = groups.outageOf(id);
    const parent = identity(id);
    const isTurned = (outage !== null) !== this.#told.has(id);
    if (isTurned && parent)
      await alerts.say(parent, outage !== null, { dark: outage?.members.size ?? 0, of: groups.knownOf(id) });
    if (outage) this.#told.add(id);
    else this.#told.delete(id);
    this.#untold.delete(id);
    // It may have turned again while it was told.
    this.judged(id);
  }
}

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
/** Steps upwards; more than a registry lets there be. */
const PARENTS_MAX = 64;

/** What went dark together below one parent: told once, there, and known to those who tell of the devices. */
export class Outages {
  readonly #deps: OutagesDeps;
  /** Parents of which it was told that their children are dark together. */
  readonly #told = new Set<DeviceId>();
  /** Parents of which it is to be told, or taken back. */
  readonly #untold = new Set<DeviceId>();
  readonly #telling = new Joined();
  #stop: () => void = () => {};

  constructor(deps: OutagesDeps) {
    this.#deps = deps;
  }

  /** A device is judged otherwise than before. Never throws. */
  judged(id: DeviceId): void {
    if ((this.#deps.groups.outageOf(id) !== null) !== this.#told.has(id)) this.#untold.add(id);
  }

  /** The nearest device above with whose other children this one went dark; null where there is none. */
  above(id: DeviceId): DeviceId | null {
    const { groups, parentOf } = this.#deps;
    let child = id;
    for (let steps = 0; steps < PARENTS_MAX; steps += 1) {
      const parent = parentOf(child);
      if (parent === null) return null;
      if (groups.outageOf(parent)?.members.has(child)) return parent;
      child = parent;
    }
    return null;
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
    this.#stop = this.#deps.clock.every(EVERY_MS, () => void this.tell(alerts));
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

import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import type { Logger } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import { Wheel } from '../health/wheel.ts';
import { isNobodys } from './check-orders.ts';
import { DarkDistricts } from './dark-districts.ts';
import { type Fault, faultOf, type HealthPort, occasionOf } from './occasions.ts';
import type { Orders } from './orders.ts';

export interface FaultOrdersDeps {
  clock: Clock;
  log: Logger;
  orders: Pick<Orders, 'openFor'>;
  health: HealthPort;
  /** Where a device stands; null for one that does not. */
  jurisdictionOf(id: DeviceId): string | null;
  /** The device in maintenance: this one or one above it; null where there is none. */
  maintained(id: DeviceId): DeviceId | null;
  /** How long a fault lasts before somebody is sent. */
  afterMs: number;
}

const TICK_MS = 1_000;
const AGAIN_MS = 60_000;
/** Orders that are opened in a row; a dark city is written down over some minutes and not at once. */
const AT_ONCE = 20;

/**
 * Work orders for devices that are offline for long, one for each fault. What a device above explains gets none: the
 * one that explains it does; and of many in one district that went offline together the first does. What is worked on
 * gets none either, until as long again after the work. It costs what is offline, and what is due.
 */
export class FaultOrders {
  readonly #deps: FaultOrdersDeps;
  readonly #wheel: Wheel<DeviceId>;
  readonly #due = new Set<DeviceId>();
  readonly #districts: DarkDistricts;
  /** Faults that have their order, by device, and the device of that order. */
  readonly #told = new Map<DeviceId, { kind: Fault['kind']; at: DeviceId }>();
  /** Devices whose order is also that of others. */
  readonly #led = new Map<DeviceId, Set<DeviceId>>();
  readonly #opening = new Joined();
  #stop: () => void = () => {};

  constructor(deps: FaultOrdersDeps) {
    this.#deps = deps;
    const isMaintained = (id: DeviceId): boolean => deps.maintained(id) !== null;
    this.#districts = new DarkDistricts({ ...deps, isMaintained });
    this.#wheel = new Wheel(deps.clock.monotonicMs());
  }

  /** Begins with those that are offline by now. */
  start(ids: Iterable<DeviceId>): void {
    for (const id of ids) this.judged(id);
    this.#stop = this.#deps.clock.every(TICK_MS, () => void this.tick());
  }

  async stop(): Promise<void> {
    this.#stop();
    await this.#opening.settled();
  }

  /** The device is judged otherwise than before, or no more. */
  judged(id: DeviceId): void {
    const fault = faultOf(this.#deps.health.of(id));
    if (fault) {
      this.#districts.add(id);
      this.#arm(id, this.#leftMs(fault));
      return;
    }
    this.#districts.remove(id);
    this.#told.delete(id);
    this.#leave(id);
    this.#due.delete(id);
    this.#wheel.forget(id);
  }

  /** Opens orders for what has lasted long enough. Never rejects. */
  tick(): Promise<void> {
    for (const id of this.#wheel.due(this.#deps.clock.monotonicMs())) this.#due.add(id);
    // Another tick may have begun with the last of them.
    if (this.#due.size === 0) return this.#opening.settled();
    return this.#opening.run(async () => {
      for (const id of [...this.#due].slice(0, AT_ONCE)) {
        this.#due.delete(id);
        await this.#consider(id);
      }
    });
  }

  async #consider(id: DeviceId): Promise<void> {
    const { health, maintained, afterMs } = this.#deps;
    const found = health.of(id);
    const fault = faultOf(found);
    if (!fault || this.#told.get(id)?.kind === fault.kind) return;
    const leftMs = this.#leftMs(fault);
    if (leftMs > 0) this.#arm(id, leftMs);
    else if (maintained(id) !== null) this.#arm(id, afterMs);
    else if (found?.because) await this.#explained(id, found.because, fault);
    else await this.#ofDistrict(id, fault);
  }

  /** One above explains it: that one is looked at, and this one again later, when it may be dark alone. */
  async #explained(id: DeviceId, because: DeviceId, { sinceMs }: Fault): Promise<void> {
    this.#arm(id, this.#deps.afterMs);
    if (faultOf(this.#deps.health.of(because))) this.#due.add(because);
    // One that is only planned is judged by nobody, and yet the line ends there.
    else if (!this.#told.has(because)) await this.#open(because, { kind: 'together', detail: null, sinceMs });
  }

  /** One order for all of a district that went offline with it, at the first of them. */
  async #ofDistrict(id: DeviceId, fault: Fault): Promise<void> {
    const [first = id, ...others] = this.#districts.with(id);
    const ofFirst = faultOf(this.#deps.health.of(first));
    if (first === id || !ofFirst) return await this.#open(id, fault, others.length);
    if (!this.#told.has(first)) await this.#open(first, ofFirst, others.length);
    if (!this.#told.has(first)) return this.#arm(id, AGAIN_MS);
    this.#told.set(id, { kind: fault.kind, at: first });
    this.#led.set(first, (this.#led.get(first) ?? new Set()).add(id));
  }

  /** The one that had the order of others is back: they are still away, and looked at anew. */
  #leave(first: DeviceId): void {
    for (const id of this.#led.get(first) ?? []) {
      if (this.#told.get(id)?.at !== first) continue;
      this.#told.delete(id);
      this.#arm(id, this.#deps.afterMs);
    }
    this.#led.delete(first);
  }

  async #open(id: DeviceId, fault: Fault, others = 0): Promise<void> {
    try {
      await this.#deps.orders.openFor(occasionOf(id, fault, others));
      this.#told.set(id, { kind: fault.kind, at: id });
    } catch (error) {
      if (isNobodys(error)) return;
      this.#deps.log.warn({ device: id, error: messageOf(error) }, 'a work order is opened later');
      this.#arm(id, AGAIN_MS);
    }
  }

  #leftMs({ sinceMs }: Fault): number {
    const { clock, afterMs } = this.#deps;
    return sinceMs === null ? 0 : sinceMs + afterMs - clock.nowMs();
  }

  #arm(id: DeviceId, inMs: number): void {
    this.#wheel.arm(id, this.#deps.clock.monotonicMs() + Math.max(0, inMs));
  }
}

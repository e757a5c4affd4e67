import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import type { Logger } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import { isNobodys } from './check-orders.ts';
import { CAUSES, faultOf, type HealthPort } from './occasions.ts';
import type { Orders } from './orders.ts';
import { UNCLOSED } from './states.ts';
import type { OrderTables } from './tables.ts';

export interface RecoveriesDeps {
  database: Database;
  clock: Clock;
  log: Logger;
  orders: Pick<Orders, 'causeGone'>;
  health: HealthPort;
}

const TICK_MS = 1_000;
/** Devices of which one question asks whether they have an order. */
const ASKED_AT_ONCE = 1_000;

/**
 * Tells the orders of faults that their device is back, whoever opened them, also where the gateway was stopped in
 * between. It costs one question for all devices that came back in a second.
 */
export class Recoveries {
  readonly #deps: RecoveriesDeps;
  /** Judged well, and not yet asked for. */
  readonly #back = new Set<DeviceId>();
  /** What hangs on them was dark together; after a start nobody knows that of before. */
  readonly #together = new Set<DeviceId>();
  readonly #telling = new Joined();
  #stop: () => void = () => {};

  constructor(deps: RecoveriesDeps) {
    this.#deps = deps;
  }

  /** Begins with those that are there by now. */
  start(ids: Iterable<DeviceId>): void {
    for (const id of ids) this.judged(id);
    this.#stop = this.#deps.clock.every(TICK_MS, () => void this.tick());
  }

  async stop(): Promise<void> {
    this.#stop();
    await this.#telling.settled();
  }

  /** The device is judged otherwise than before, or no more. */
  judged(id: DeviceId): void {
    if (faultOf(this.#deps.health.of(id))?.kind === 'together') this.#together.add(id);
    if (this.#isBack(id, CAUSES.offline) || this.#isBack(id, CAUSES.together)) this.#back.add(id);
    else this.#back.delete(id);
  }

  /** Never rejects. */
  tick(): Promise<void> {
    if (this.#back.size === 0) return this.#telling.settled();
    return this.#telling.run(() => this.#tell());
  }

  async #tell(): Promise<void> {
    const { database, log } = this.#deps;
    const ids = [...this.#back].slice(0, ASKED_AT_ONCE);
    for (const id of ids) this.#back.delete(id);
    try {
      const orders = database.tables<OrderTables>().selectFrom('work_order').select(['device', 'cause']);
      const faults = orders.where('cause', 'in', Object.values(CAUSES)).where('state', 'in', UNCLOSED);
      for (const { device, cause } of await faults.where('device', 'in', ids).execute()) {
        if (cause !== null && this.#isBack(device, cause)) await this.#tellOne(device, cause);
      }
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'orders are told later that their devices are back');
      for (const id of ids) this.judged(id);
    }
  }

  async #tellOne(device: DeviceId, cause: string): Promise<void> {
    const { orders, health, clock } = this.#deps;
    const sinceMs = health.of(device)?.sinceMs ?? clock.nowMs();
    try {
      await orders.causeGone({ device, cause, sinceMs });
    } catch (error) {
      if (!isNobodys(error)) throw error;
    }
    if (cause === CAUSES.together) this.#together.delete(device);
  }

  /** A device is back once it was heard of; what hangs on one, once it is not dark together any more. */
  #isBack(id: DeviceId, cause: string): boolean {
    const found = this.#deps.health.of(id);
    if (found === null || faultOf(found) !== null) return false;
    return cause === CAUSES.offline ? found.health !== 'unknown' : this.#together.has(id);
  }
}

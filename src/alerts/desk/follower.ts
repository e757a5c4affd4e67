import type { Clock } from '../../core/clock.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import { followDevices, type Standing } from './follow.ts';
import type { AlertLog } from './log.ts';
import { DELIVERY_QUEUE } from './queues.ts';

export interface AlertFollowerDeps {
  clock: Clock;
  log: Pick<AlertLog, 'publish'>;
  desk: { follow(devices: DeviceId[]): Promise<void> };
  ring(queue: string): void;
}

/**
 * Takes the alerts of a device along when it moves or is retired. It must be the last to follow: it locks the head of
 * the alert log until the commit.
 */
export class AlertFollower {
  readonly #deps: AlertFollowerDeps;

  constructor(deps: AlertFollowerDeps) {
    this.#deps = deps;
  }

  async follow(tx: Tables, devices: ReadonlyMap<DeviceId, Standing>): Promise<void> {
    await followDevices(tx, this.#deps, devices);
  }

  async settle(device: DeviceId): Promise<void> {
    const { desk, ring } = this.#deps;
    ring(DELIVERY_QUEUE);
    await desk.follow([device]);
  }
}

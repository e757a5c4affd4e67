import type { Clock } from '../../core/clock.ts';
import type { DeviceId } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import { endOfRetired } from './ends.ts';
import type { AlertLog } from './log.ts';
import { DELIVERY_QUEUE } from './queues.ts';

export interface AlertFollowerDeps {
  clock: Clock;
  log: Pick<AlertLog, 'publish'>;
  desk: { endOfRetired(devices: DeviceId[]): Promise<void> };
  ring(queue: string): void;
}

/**
 * Ends the alerts of a device that is retired. Those of one that moves stay whose they are. It must be the last to
 * follow: it locks the head of the alert log until the commit.
 */
export class AlertFollower {
  readonly #deps: AlertFollowerDeps;

  constructor(deps: AlertFollowerDeps) {
    this.#deps = deps;
  }

  async follow(tx: Tables, devices: ReadonlyMap<DeviceId, { retired: boolean }>): Promise<void> {
    const retired = [...devices].filter(([, now]) => now.retired).map(([device]) => device);
    if (retired.length > 0) await endOfRetired(tx, this.#deps, retired);
  }

  async settle(device: DeviceId, now: { retired: boolean }): Promise<void> {
    if (!now.retired) return;
    const { desk, ring } = this.#deps;
    ring(DELIVERY_QUEUE);
    await desk.endOfRetired([device]);
  }
}

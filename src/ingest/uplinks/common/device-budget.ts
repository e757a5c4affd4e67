import type { Clock } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import { Buckets } from './admission.ts';

/** What one device may send where it is not simply read more slowly: a pace, and how much at once after a rest. */
export class DeviceBudget {
  readonly #buckets: Buckets;
  readonly #clock: Clock;

  constructor(clock: Clock, { perS, burst }: { perS: number; burst: number }) {
    this.#clock = clock;
    this.#buckets = new Buckets(clock, perS, burst);
  }

  /** `perS` only where the device has a pace of its own. Errors: `request.rate`; nothing is taken then. */
  take(device: string, count = 1, perS?: number): void {
    const waitMs = count === 0 ? 0 : this.#buckets.of(device, perS).take(count, this.#clock.monotonicMs());
    refuseFor(waitMs, 'This device sends faster than one device may.');
  }

  /** Gives one back that {@link take} took for what was refused for another reason than the device's own pace. */
  giveBack(device: string, perS?: number): void {
    this.#buckets.of(device, perS).giveBack(1);
  }
}

/** Errors: `request.rate` with the time to wait, unless that is 0. */
export function refuseFor(waitMs: number, detail: string): void {
  if (waitMs > 0) throw new CitywatchError('request.rate', { retryAfterS: Math.ceil(waitMs / 1000), detail });
}

import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { Buckets } from '../../ingest/uplinks/common/admission.ts';
import { MQTT_DEFAULTS } from '../../ingest/uplinks/mqtt/options.ts';

/** As over MQTT, a message counts one more for every full 16 KiB. */
const BYTES_PER_EXTRA_TOKEN = 16 * 1024;

/** What one device may send: a pace, and how much at once after a rest. */
export class DeviceBudget {
  readonly #buckets: Buckets;
  readonly #clock: Clock;

  constructor(clock: Clock, { perS, burst }: { perS: number; burst: number }) {
    this.#clock = clock;
    this.#buckets = new Buckets(clock, perS, burst);
  }

  /** The budget of messages over HTTP: as much as over MQTT, counted apart. */
  static ofMessages(clock: Clock): DeviceBudget {
    return new DeviceBudget(clock, { perS: MQTT_DEFAULTS.messagesPerS, burst: MQTT_DEFAULTS.messagesBurst });
  }

  /** `perS` only where the device has a pace of its own. Errors: `request.rate`; nothing is taken then. */
  take(device: string, count = 1, perS?: number): void {
    const waitMs = count === 0 ? 0 : this.#buckets.of(device, perS).take(count, this.#clock.monotonicMs());
    refuseFor(waitMs, 'This device sends faster than one device may.');
  }
}

/** Errors: `request.rate` with the time to wait, unless that is 0. */
export function refuseFor(waitMs: number, detail: string): void {
  if (waitMs > 0) throw new CitywatchError('request.rate', { retryAfterS: Math.ceil(waitMs / 1000), detail });
}

/** What a message of `bytes` costs beyond the one that its request has cost. */
export function extraCost(bytes: number): number {
  return Math.floor(bytes / BYTES_PER_EXTRA_TOKEN);
}

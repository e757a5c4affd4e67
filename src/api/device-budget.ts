import type { Clock } from '../core/clock.ts';
import { CitywatchError } from '../core/errors.ts';
import { Buckets } from '../ingest/uplinks/mqtt-admission.ts';
import { MQTT_DEFAULTS } from '../ingest/uplinks/mqtt-options.ts';

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

  /** Errors: `request.rate`, saying when there is room again; nothing is taken then. */
  take(device: string, count = 1): void {
    if (count === 0) return;
    const waitMs = this.#buckets.of(device).take(count, this.#clock.monotonicMs());
    if (waitMs === 0) return;
    const detail = 'This device sends faster than one device may.';
    throw new CitywatchError('request.rate', { retryAfterS: Math.ceil(waitMs / 1000), detail });
  }
}

/** What a message of `bytes` costs beyond the one that its request has cost. */
export function extraCost(bytes: number): number {
  return Math.floor(bytes / BYTES_PER_EXTRA_TOKEN);
}

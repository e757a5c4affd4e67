import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { Counter, type Observer } from '../../core/observe.ts';
import type { DeviceId, DeviceIdentity, NewMessage } from '../../core/types.ts';

/** What a camera noticed, as the device layer hands it over. */
export interface NoticedEvent {
  type: string;
  /** The ONVIF topic; one of a known few. */
  topic: string;
  /** By the camera's clock; null where it told no time. */
  atMs: number | null;
  /** The same text whenever the camera tells the same event again. */
  identity: string;
  data: Record<string, boolean | string>;
}

export interface OnvifEventsDeps {
  accept(message: NewMessage): Promise<unknown>;
  /** Undefined for a device that is unknown or retired. */
  identity(id: DeviceId): DeviceIdentity | undefined;
  clock: Clock;
  observer: Observer;
}

/** The uplink of camera events: each becomes a message of the contract, and counts as taken when it is durable. */
export class OnvifEvents {
  readonly #deps: OnvifEventsDeps;
  readonly #events: Counter<'result'>;

  constructor(deps: OnvifEventsDeps) {
    this.#deps = deps;
    this.#events = new Counter({
      name: 'citywatch_camera_events_total',
      help: 'Events of cameras: durable in the journal, or refused by it and kept to be tried again.',
      labelNames: ['result'],
      registers: [deps.observer.metrics],
    });
  }

  /** Appends the events in their order; resolves with those that the journal did not take. */
  async take<Event extends NoticedEvent>(id: DeviceId, events: readonly Event[]): Promise<Event[]> {
    const device = this.#deps.identity(id);
    // Retired meanwhile: nobody asks for its events any more.
    if (!device) return [];
    const results = await Promise.allSettled(events.map((event) => this.#accept(device, event)));
    const refused = events.filter((_, index) => results[index]?.status === 'rejected');
    this.#events.inc({ result: 'durable' }, events.length - refused.length);
    if (refused.length > 0) this.#events.inc({ result: 'refused' }, refused.length);
    return refused;
  }

  async #accept(device: DeviceIdentity, event: NoticedEvent): Promise<void> {
    await this.#deps.accept({
      receivedAtMs: this.#deps.clock.nowMs(),
      uplink: 'onvif',
      channel: 'event',
      topic: `onvif/${event.topic}`,
      device,
      connection: 'onvif-events',
      packetId: 0,
      dup: false,
      raw: Buffer.from(JSON.stringify(payloadOf(event))),
    });
  }
}

/** The contract's payload. Its `id` depends on what the camera said alone, so that saying it again is a repetition. */
export function payloadOf({ type, atMs, identity, data }: NoticedEvent) {
  const id = `onvif-${createHash('sha256').update(identity).digest('hex').slice(0, 32)}`;
  return { ...(atMs === null ? {} : { ts: atMs }), id, type, data };
}

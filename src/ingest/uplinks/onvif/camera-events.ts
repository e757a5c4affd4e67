import { createHash } from 'node:crypto';
import type { Clock } from '../../../core/clock.ts';
import { CitywatchError, messageOf } from '../../../core/errors.ts';
import { Counter, type Logger, type Observer } from '../../../core/observe.ts';
import type { DeviceId, DeviceIdentity, NewMessage } from '../../../core/types.ts';
import { Buckets, DEVICE_RATE } from '../common/admission.ts';
import { InHand } from '../common/in-hand.ts';
import type { DeviceRates, KindRates } from '../common/rate-budget.ts';
import type { Uplink, UplinkStatus, UplinkType } from '../uplink.ts';

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
  /** Undefined for a device that is unknown or retired; a retryable rejection means "not now". */
  find(id: DeviceId): Promise<DeviceIdentity | undefined>;
  rates: Pick<KindRates, 'take'> & DeviceRates;
  clock: Clock;
  observer: Observer;
}

type Result = 'durable' | 'refused' | 'dropped';

/** What cameras notice. The camera is asked by the device layer; here its events become messages. */
export const onvif: UplinkType<'onvif', Record<never, never>, OnvifEvents> = {
  name: 'onvif',
  diskNumber: 2,
  needed: false,
  settings: {},
  listens: () => [],
  check: async () => [],
  open: (_settings, { intake, devices, rates, clock, observer }) =>
    new OnvifEvents({
      accept: (message) => intake.accept(message),
      find: (id) => devices.find(id),
      rates,
      clock,
      observer,
    }),
};

/** The uplink of camera events: each becomes a message of the contract, and counts as taken when it is durable. */
export class OnvifEvents implements Uplink {
  readonly name = 'onvif';
  readonly #deps: OnvifEventsDeps;
  readonly #log: Logger;
  readonly #events: Counter<'result'>;
  readonly #inHand: InHand;
  readonly #pace: Buckets;

  constructor(deps: OnvifEventsDeps) {
    this.#deps = deps;
    this.#inHand = new InHand(deps.clock);
    this.#pace = new Buckets(deps.clock, DEVICE_RATE.perS, DEVICE_RATE.burst);
    this.#log = deps.observer.log.child({ part: 'onvif-events' });
    this.#events = new Counter({
      name: 'citywatch_camera_events_total',
      help: 'Events of cameras: durable, kept to be tried again (a full journal, or too many), or dropped for good.',
      labelNames: ['result'],
      registers: [deps.observer.metrics],
    });
  }

  /** Whoever asks the cameras begins and ends by itself. */
  async start(): Promise<void> {
    this.#inHand.open();
  }

  stop(signal: AbortSignal): Promise<void> {
    return this.#inHand.close(signal);
  }

  /** Of one camera that cannot be asked, the camera's own record tells. */
  status(): UplinkStatus {
    return this.#inHand.status();
  }

  /**
   * Appends the events one after the other, because an end must not come before its beginning; resolves with those from
   * the first on that the journal does not take now, or that come too fast: the camera is asked no further before they
   * are taken, and keeps what it has. One that it will never take is left out: it would hold up what
   * comes behind it for ever. Groups of the journal are filled by other cameras meanwhile.
   */
  async take<Event extends NoticedEvent>(id: DeviceId, events: readonly Event[]): Promise<Event[]> {
    const device = await this.#deps.find(id).catch(ifRetryable);
    if (device === null) return [...events];
    // Retired meanwhile: nobody asks for its events any more.
    if (!device) return [];
    for (const [index, event] of events.entries()) {
      if (!this.#inHand.isOpen) return events.slice(index);
      const result = this.#mayCome(device) ? await this.#one(device, event) : 'refused';
      this.#events.inc({ result });
      if (result === 'refused') return events.slice(index);
    }
    return [];
  }

  /** Takes a turn of the camera and one of its kind, or neither. */
  #mayCome({ id, kind }: DeviceIdentity): boolean {
    const { rates, clock } = this.#deps;
    const ofDevice = this.#pace.of(id, rates.devicePerS(kind));
    if (ofDevice.take(1, clock.monotonicMs()) > 0) return false;
    if (rates.take(kind) === 0) return true;
    ofDevice.giveBack(1);
    return false;
  }

  async #one(device: DeviceIdentity, event: NoticedEvent): Promise<Result> {
    try {
      await this.#inHand.hold(() => this.#accept(device, event));
      return 'durable';
    } catch (error) {
      const about = { device: device.id, error: messageOf(error) };
      const isFinal = error instanceof CitywatchError && !error.retryable && error.code !== 'internal';
      if (isFinal) this.#log.warn(about, 'an event of a camera can never be kept and is dropped');
      else this.#log.debug(about, 'the journal takes no event now');
      return isFinal ? 'dropped' : 'refused';
    }
  }

  async #accept(device: DeviceIdentity, event: NoticedEvent): Promise<void> {
    await this.#deps.accept({
      receivedAtMs: this.#deps.clock.nowMs(),
      uplink: this.name,
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

function ifRetryable(error: unknown): null {
  if (error instanceof CitywatchError && error.retryable) return null;
  throw error;
}

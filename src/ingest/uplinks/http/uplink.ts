import { CitywatchError } from '../../../core/errors.ts';
import type { Channel, DeviceId, DeviceIdentity, Lane, NewMessage, Receipt } from '../../../core/types.ts';
import { DEVICE_RATE, extraCost } from '../common/admission.ts';
import { DeviceBudget, refuseFor } from '../common/device-budget.ts';
import { InHand } from '../common/in-hand.ts';
import type { Preview, Uplink, UplinkDeps, UplinkStatus, UplinkType } from '../uplink.ts';
import { HTTP_SETTINGS } from './settings.ts';

/** Devices that send to the listener of the API. */
export const http: UplinkType<'http', typeof HTTP_SETTINGS, HttpUplink> = {
  name: 'http',
  diskNumber: 1,
  needed: true,
  settings: HTTP_SETTINGS,
  listens: ({ host, port }) => [{ host, port, setting: 'CITYWATCH_HTTP_PORT' }],
  check: async () => [],
  open: (_settings, deps) => new HttpUplink(deps),
};

/** One request of a device that has shown who it is. */
export interface HttpMessage {
  device: DeviceIdentity;
  channel: Channel;
  lane: Lane;
  /** Path of the request, without its query. */
  route: string;
  /** Names the request: it is a session of its own. */
  requestId: string;
  raw: Buffer;
}

type Deps = Pick<UplinkDeps, 'clock' | 'devices' | 'intake' | 'rates' | 'preview'>;

/**
 * The uplink behind the routes of devices. Sockets, logins and bodies are the API's; here it is decided how much a
 * device may send and what becomes of it: an answer of 202 is given after {@link take} has resolved.
 */
export class HttpUplink implements Uplink {
  readonly name = 'http';
  readonly #deps: Deps;
  /** As much as over MQTT, counted apart. */
  readonly #budget: DeviceBudget;
  readonly #inHand: InHand;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#inHand = new InHand(deps.clock);
    this.#budget = new DeviceBudget(deps.clock, DEVICE_RATE);
  }

  async start(): Promise<void> {
    this.#inHand.open();
  }

  stop(signal: AbortSignal): Promise<void> {
    return this.#inHand.close(signal);
  }

  /** The addresses are the API's to tell. */
  status(): UplinkStatus {
    return this.#inHand.status();
  }

  /**
   * Before the body is read, so that a flood costs little. Errors: `request.rate` when the device, or all of its kind
   * together, are too fast; `not-found` for a device that was retired meanwhile.
   */
  turn(id: DeviceId): void {
    const { devices, rates } = this.#deps;
    const kind = devices.identity(id)?.kind;
    if (kind === undefined) throw new CitywatchError('not-found');
    const perS = rates.devicePerS(kind);
    this.#budget.take(id, 1, perS);
    const waitMs = rates.take(kind);
    if (waitMs > 0) this.#budget.giveBack(id, perS);
    refuseFor(waitMs, 'All devices of this kind together send faster than they may.');
  }

  /**
   * Resolves once the message is durable, with what decoding will make of it. Errors: `request.rate` when it is too
   * large for the pace, `request.invalid` when it is no message as a whole, and those of the intake.
   */
  async take({ device, channel, lane, route, requestId, raw }: HttpMessage) {
    if (!this.#inHand.isOpen) throw new CitywatchError('ingest.unavailable', { detail: 'The gateway is stopping.' });
    this.#budget.take(device.id, extraCost(raw.length));
    const receivedAtMs = this.#deps.clock.nowMs();
    return await this.#store(
      {
        channel,
        device,
        raw,
        topic: route,
        connection: `http-${requestId}`,
        packetId: 0,
        dup: false,
        uplink: this.name,
        receivedAtMs,
      },
      lane,
    );
  }

  async #store(message: NewMessage, lane: Lane): Promise<{ receipt: Receipt; preview: Preview | null }> {
    const { preview: look, intake } = this.#deps;
    const preview = look(message, lane);
    const whole = preview?.refusals.find(({ index }) => index === null);
    if (whole) {
      const issues = [{ path: whole.path || 'body', message: `${whole.reason}: ${whole.value}` }];
      throw new CitywatchError('request.invalid', { issues });
    }
    const store = () => (lane === 'bulk' ? intake.acceptBulk(message) : intake.accept(message));
    return { receipt: await this.#inHand.hold(store), preview };
  }
}

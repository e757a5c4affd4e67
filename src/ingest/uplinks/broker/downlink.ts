import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../core/clock.ts';
import { SayOnce } from '../../../core/mechanisms/say-once.ts';
import type { Logger } from '../../../core/observe.ts';
import { topicPrefix } from '../common/topics.ts';
import type { MqttClient } from './link.ts';

export interface BrokerDownlinkDeps {
  clock: Clock;
  log: Logger;
  /** There is a way to the broker again, and so to every device. */
  listening(): void;
}

/** Commands at the broker that it has not acknowledged; a broker may ask for fewer. */
const OPEN_MAX = 256;
/** Commands that wait for their turn; what comes above is sent later. */
const WAITING_MAX = 10_000;
/** MQTT 5 §3.4.2.1: the broker's access list does not let us send commands. */
const NOT_AUTHORIZED = 0x87;
/**
 * Pause after such an answer. Mosquitto 2.0.11 closes the connection with it where `max_queued_messages` is 0, as it
 * has to be: sending on would keep the messages of all devices from coming in.
 */
const REFUSED_PAUSE_MS = 300_000;

/**
 * The way to devices through a broker. It acknowledges what it has taken and says nothing of whether a device is there.
 * What it has not acknowledged when a connection ends is taken back from the library, which would else send it again in
 * some later minute: what is sent again is decided from the database.
 */
export class BrokerDownlink {
  readonly acknowledgedBy = 'broker';
  readonly #deps: BrokerDownlinkDeps;
  #client: MqttClient | null = null;
  #session: string | null = null;
  #openMax = OPEN_MAX;
  readonly #open = new Set<number>();
  readonly #waiting: (() => void)[] = [];
  readonly #said: SayOnce;
  #paused = false;

  constructor(deps: BrokerDownlinkDeps) {
    this.#deps = deps;
    this.#said = new SayOnce(deps.clock);
  }

  attach(client: MqttClient): void {
    this.#client = client;
    client.on('connect', ({ properties }) => {
      this.#openMax = Math.min(OPEN_MAX, properties?.receiveMaximum ?? OPEN_MAX);
    });
    client.on('close', () => this.#closed(client));
  }

  /** The connection is fit to be used. */
  opened(): void {
    this.#session = `broker ${randomBytes(8).toString('hex')}`;
    if (!this.#paused) this.#deps.listening();
  }

  session(_device: string): string | null {
    return this.#paused ? null : this.#session;
  }

  /** True once the broker has taken it. It keeps it for a device that is away no longer than `expiresInMs`. */
  async send(device: string, payload: Buffer, expiresInMs: number): Promise<boolean> {
    if (this.#waiting.length >= WAITING_MAX) return false;
    if (this.#open.size >= this.#openMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const client = this.#client;
    if (client === null || this.#session === null || this.#paused || !client.connected) return false;
    return await this.#publish(client, `${topicPrefix(device)}command`, { payload, expiresInMs });
  }

  #publish(client: MqttClient, topic: string, what: { payload: Buffer; expiresInMs: number }): Promise<boolean> {
    const properties = { messageExpiryInterval: Math.max(1, Math.ceil(what.expiresInMs / 1000)) };
    return new Promise((resolve) => {
      let id = 0;
      client.publish(topic, what.payload, { qos: 1, properties }, (error) => {
        this.#open.delete(id);
        this.#waiting.shift()?.();
        if (error && this.#session !== null) this.#refused(error);
        resolve(!error);
      });
      id = client.getLastMessageId();
      this.#open.add(id);
    });
  }

  #closed(client: MqttClient): void {
    this.#session = null;
    for (const id of this.#open) client.removeOutgoingMessage(id);
    this.#open.clear();
    for (const goOn of this.#waiting.splice(0)) goOn();
  }

  #refused(error: Error): void {
    this.#complain(error.message);
    if ((error as { code?: unknown }).code !== NOT_AUTHORIZED || this.#paused) return;
    this.#paused = true;
    this.#deps.clock.after(REFUSED_PAUSE_MS, () => {
      this.#paused = false;
      if (this.#session !== null) this.#deps.listening();
    });
  }

  #complain(reason: string): void {
    if (!this.#said.due()) return;
    this.#deps.log.error({ reason }, 'the broker does not take a command; let this user write cw/v1/+/command');
  }
}

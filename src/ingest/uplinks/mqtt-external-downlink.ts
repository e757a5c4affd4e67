import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/observe.ts';
import type { MqttClient } from './mqtt-external-link.ts';
import { topicPrefix } from './mqtt-rules.ts';

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
const SAY_EVERY_MS = 60_000;

/**
 * The way to devices through a broker. It acknowledges what it has taken, and says nothing of whether a device is there.
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
  #saidAtMs = Number.NEGATIVE_INFINITY;

  constructor(deps: BrokerDownlinkDeps) {
    this.#deps = deps;
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
    this.#deps.listening();
  }

  session(_device: string): string | null {
    return this.#session;
  }

  /** True once the broker has taken it. It keeps it for a device that is away no longer than `expiresInMs`. */
  async send(device: string, payload: Buffer, expiresInMs: number): Promise<boolean> {
    if (this.#waiting.length >= WAITING_MAX) return false;
    if (this.#open.size >= this.#openMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const client = this.#client;
    if (client === null || this.#session === null || !client.connected) return false;
    return await this.#publish(client, `${topicPrefix(device)}command`, { payload, expiresInMs });
  }

  #publish(client: MqttClient, topic: string, what: { payload: Buffer; expiresInMs: number }): Promise<boolean> {
    const properties = { messageExpiryInterval: Math.max(1, Math.ceil(what.expiresInMs / 1000)) };
    return new Promise((resolve) => {
      let id = 0;
      client.publish(topic, what.payload, { qos: 1, properties }, (error) => {
        this.#open.delete(id);
        this.#waiting.shift()?.();
        if (error && this.#session !== null) this.#complain(error.message);
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

  #complain(reason: string): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#saidAtMs < SAY_EVERY_MS) return;
    this.#saidAtMs = nowMs;
    this.#deps.log.error({ reason }, 'the broker does not take a command; let this user write cw/v1/+/command');
  }
}

import { connect, type MqttClient } from 'mqtt';
import { type Answers, Obedience, type Obey } from './obedience.ts';

export interface MqttDeviceOptions {
  /** `mqtt://host:port` of the gateway. */
  url: string;
  id: string;
  secret: string;
  firmware: string;
  /** What it does when it is told to; without it, it says yes to everything. */
  obey?: Obey;
  /** How it answers commands: once. */
  answers?: Answers;
  /** Told of each connection made and lost. */
  onConnection?(up: boolean): void;
}

/** Messages a device keeps while the gateway does not answer; a real one has about this much memory. */
const PENDING_MAX = 1_000;
const RECONNECT_MS = 2_000;
const CLOSE_MS = 2_000;

export interface Counts {
  /** Handed to the MQTT client. */
  sent: number;
  /** Acknowledged by the gateway. */
  acked: number;
  /** Thrown away because {@link PENDING_MAX} waited already. */
  dropped: number;
}

/** One device after the contract: its id is client id and user name, its state is retained and its will. */
export class MqttDevice {
  readonly id: string;
  readonly counts: Counts = { sent: 0, acked: 0, dropped: 0 };
  readonly #client: MqttClient;
  readonly #obedience: Obedience;
  #records = 0;
  /** What it was told to connect with, as long as it has not. */
  #newSecret: string | null = null;

  constructor({ url, id, secret, firmware, obey = () => {}, answers = 'once', onConnection }: MqttDeviceOptions) {
    this.id = id;
    const obeys: Obey = (name, args) => {
      if (name !== 'set_secret') return obey(name, args);
      this.#newSecret = String(args.secret);
      return {};
    };
    this.#obedience = new Obedience({
      obey: obeys,
      answers,
      reply: (reply) => void this.#publish('reply', reply, false).then(() => this.#useSecret()),
    });
    const will = {
      topic: `cw/v1/${id}/state`,
      payload: Buffer.from('{"online":false}'),
      qos: 1 as const,
      retain: true,
    };
    this.#client = connect(url, {
      clientId: id,
      username: id,
      password: secret,
      protocolVersion: 4,
      reconnectPeriod: RECONNECT_MS,
      will,
    });
    this.#client.on('connect', () => {
      onConnection?.(true);
      void this.#publish('state', { online: true, firmware }, true);
      this.#client.subscribe(`cw/v1/${id}/command`, { qos: 1 }, () => {});
    });
    this.#client.on('close', () => onConnection?.(false));
    this.#client.on('message', (_topic, payload) => this.#obedience.take(payload));
    // Reconnecting is the answer to every error; without a listener an error would end the process.
    this.#client.on('error', () => {});
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  /** One reading, now. */
  report(values: Record<string, number | boolean | string>): void {
    void this.#publish('telemetry', { ts: Date.now(), id: this.#nextId(), values }, false);
  }

  /** One event, now; returns its id. */
  tell(type: string, data: Record<string, number | boolean | string>): string {
    const id = this.#nextId();
    void this.#publish('event', { ts: Date.now(), id, type, data }, false);
    return id;
  }

  /** Its answer has arrived, or never will: it comes back with the secret that it was told. */
  #useSecret(): void {
    if (this.#newSecret === null) return;
    this.#client.options.password = this.#newSecret;
    this.#newSecret = null;
    this.#client.stream.destroy();
  }

  /** Says goodbye in order, without the will. */
  async stop(): Promise<void> {
    this.#obedience.stop();
    if (this.#client.connected) void this.#publish('state', { online: false }, true);
    const late = new Promise<void>((resolve) => void setTimeout(resolve, CLOSE_MS).unref());
    await Promise.race([this.#client.endAsync(), late]);
    await this.#client.endAsync(true);
  }

  /** Ids grow across restarts too, so that a record is never taken for one of an earlier run. */
  #nextId(): string {
    this.#records += 1;
    return `${START}-${this.#records}`;
  }

  async #publish(channel: string, payload: unknown, retain: boolean): Promise<void> {
    if (this.counts.sent - this.counts.acked >= PENDING_MAX) {
      this.counts.dropped += 1;
      return;
    }
    this.counts.sent += 1;
    try {
      await this.#client.publishAsync(`cw/v1/${this.id}/${channel}`, JSON.stringify(payload), { qos: 1, retain });
      this.counts.acked += 1;
    } catch {
      this.counts.dropped += 1;
    }
  }
}

const START = Date.now().toString(36);

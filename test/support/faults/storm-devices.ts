import { connect, type Socket } from 'node:net';
import mqtt from 'mqtt-packet';
import { exitsWhenNothingWaits } from '../processes.ts';
import { lasts } from '../time/lasting.ts';

/** What the process of the devices is told, by its standard input. */
export interface StormOrder {
  port: number;
  devices: { id: string; secret: string }[];
  /** Waiting in each device when it connects; times from `baseMs`, one millisecond each. */
  messages: number;
  baseMs: number;
  /** All connect within this. */
  withinMs: number;
}

/** What it prints when everything is acknowledged. */
export interface StormReport {
  /** From the first attempt to connect until CONNACK. */
  connackP50Ms: number;
  connackP99Ms: number;
  /** Connections that ended before everything was acknowledged, and were made again. */
  again: number;
  acked: number;
  /** From the first connect to the last acknowledgement. */
  tookMs: number;
}

const CONNACK = 2;
const PUBACK = 4;
/** CONNACK and PUBACK alike. */
const ANSWER_BYTES = 4;
const AGAIN_MS = 200;

/** A device as it comes back after a power cut: it connects and sends all it has kept at once. */
class StormDevice {
  readonly #login: StormOrder['devices'][number];
  readonly #order: StormOrder;
  readonly #unacked: Set<number>;
  /** Encoded beforehand, so that this process is quick to read its answers. */
  readonly #first: Buffer;
  #socket: Socket | null = null;
  #rest = Buffer.alloc(0);
  #startMs = 0;
  connackMs = 0;
  again = 0;
  #done: () => void = () => {};

  constructor(login: StormOrder['devices'][number], order: StormOrder) {
    this.#login = login;
    this.#order = order;
    this.#unacked = new Set(Array.from({ length: order.messages }, (_, index) => index + 1));
    this.#first = this.#packets(false);
  }

  /** Resolves when everything is acknowledged; the connection stays. */
  run(): Promise<void> {
    this.#startMs = performance.now();
    this.#connect();
    return new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  end(): void {
    this.#socket?.removeAllListeners('close');
    this.#socket?.destroy();
  }

  #connect(): void {
    const socket = connect(this.#order.port, '127.0.0.1');
    this.#socket = socket;
    this.#rest = Buffer.alloc(0);
    const { id, secret } = this.#login;
    const hello = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, keepalive: 60, clean: false } as const;
    socket.once('connect', () => {
      socket.write(mqtt.generate({ ...hello, clientId: id, username: id, password: Buffer.from(secret) }));
    });
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('error', () => {});
    socket.once('close', () => {
      this.again += 1;
      setTimeout(() => this.#connect(), AGAIN_MS);
    });
  }

  #read(bytes: Buffer): void {
    const all = Buffer.concat([this.#rest, bytes]);
    let at = 0;
    for (; at + ANSWER_BYTES <= all.length; at += ANSWER_BYTES) {
      const type = all[at]! >> 4;
      if (type === CONNACK) this.#sendAll();
      if (type === PUBACK) this.#unacked.delete(all.readUInt16BE(at + 2));
    }
    this.#rest = all.subarray(at);
    if (this.#unacked.size === 0) this.#done();
  }

  #sendAll(): void {
    this.connackMs ||= performance.now() - this.#startMs;
    this.#socket?.write(this.again > 0 ? this.#packets(true) : this.#first);
  }

  #packets(dup: boolean): Buffer {
    const topic = `cw/v1/${this.#login.id}/telemetry`;
    const packets = [...this.#unacked].map((messageId) => {
      const payload = JSON.stringify({ ts: this.#order.baseMs + messageId, values: { weight_kg: messageId } });
      return mqtt.generate({ cmd: 'publish', topic, payload, qos: 1, messageId, dup, retain: false });
    });
    return Buffer.concat(packets);
  }
}

async function main(): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const order = JSON.parse(Buffer.concat(chunks).toString()) as StormOrder;
  const devices = order.devices.map((login) => new StormDevice(login, order));
  const startMs = performance.now();
  const all = devices.map(async (device, index) => {
    await lasts((index / devices.length) * order.withinMs);
    await device.run();
  });
  await Promise.all(all);
  const tookMs = performance.now() - startMs;
  const waits = devices.map(({ connackMs }) => connackMs).sort((a, b) => a - b);
  const report: StormReport = {
    connackP50Ms: waits[Math.floor(waits.length * 0.5)] ?? 0,
    connackP99Ms: waits[Math.floor(waits.length * 0.99)] ?? 0,
    again: devices.reduce((sum, { again }) => sum + again, 0),
    acked: devices.length * order.messages,
    tookMs,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  for (const device of devices) device.end();
}

if (import.meta.filename === process.argv[1]) {
  exitsWhenNothingWaits();
  await main();
}

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { generate } from 'mqtt-packet';
import { HOUR_MS } from '../../src/core/clock.ts';

/**
 * Devices that cost little: one packet is built for each device beforehand, and every message is a copy of it with its
 * own time and packet id. A child process; it is told what to do by {@link Order} and answers each with a result.
 */
export type Order =
  | { do: 'connect'; port: number; devices: { id: string; secret: string }[] }
  /**
   * As many as get through: each device keeps `window` messages under way. Where no clocks are said, their times are
   * the milliseconds after {@link BASE_MS} one by one, so that they can be counted afterwards.
   */
  | { do: 'saturate'; seconds: number; window: number; clocks?: Clocks }
  /** At a fixed pace, whatever the answers do; the clocks of the devices are right, or an hour behind. */
  | { do: 'pace'; perSecond: number; seconds: number; clocks: Clocks }
  /** Devices `from` to `to` catch fire one after the other at a fixed pace, or all at once where there is none. */
  | { do: 'burn'; from: number; to: number; perSecond: number | null };

export type Clocks = 'right' | 'an hour behind';

export interface LoadResult {
  sent: number;
  acked: number;
  /** From the first message to the last acknowledgement. */
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

const VALUES = { fill_pct: 82.5, weight_kg: 17.25, temp_c: 21.5, smoke: false, battery_pct: 97 };
/** Time of the first message; each further one of a device is a millisecond later, so each is a point of its own. */
export const BASE_MS = HOUR_MS;
const ACK_BYTES = 4;
const PACKET_IDS = 1024;
/** How often a fixed pace looks at how many messages are due. */
const TICK_MS = 1;
const CONNECTS_AT_ONCE = 20;

const baseMs = Date.now() - BASE_MS;

class Device {
  readonly socket: Socket;
  readonly #id: string;
  readonly #template: Buffer;
  readonly #tsAt: number;
  readonly #packetIdAt: number;
  readonly #sentAtMs = new Float64Array(PACKET_IDS);
  #lastTs = 0;
  #odd: Buffer = Buffer.alloc(0);
  sent = 0;
  acked = 0;
  onAcks: (delaysMs: number[]) => void = () => {};

  constructor(socket: Socket, id: string) {
    this.socket = socket;
    this.#id = id;
    const topic = `cw/v1/${id}/telemetry`;
    const payload = JSON.stringify({ ts: baseMs, values: VALUES });
    this.#template = generate({ cmd: 'publish', topic, payload, qos: 1, messageId: 1, dup: false, retain: false });
    this.#packetIdAt = this.#template.indexOf(topic) + topic.length;
    this.#tsAt = this.#template.indexOf(String(baseMs));
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('close', () => process.send?.({ error: `${id} was closed by the server` }));
  }

  /** Each a millisecond later than the one before, from an hour ago, or from the time given if none had that yet. */
  send(count: number, atMs?: number): void {
    const bytes = Buffer.allocUnsafe(this.#template.length * count);
    const nowMs = performance.now();
    for (let at = 0; at < bytes.length; at += this.#template.length) {
      this.#template.copy(bytes, at);
      const packetId = 1 + (this.sent % (PACKET_IDS - 1));
      bytes.writeUInt16BE(packetId, at + this.#packetIdAt);
      this.#lastTs = atMs === undefined ? baseMs + this.sent : Math.max(atMs, this.#lastTs + 1);
      bytes.write(String(this.#lastTs), at + this.#tsAt, 'latin1');
      this.#sentAtMs[packetId] = nowMs;
      this.sent += 1;
    }
    this.socket.write(bytes);
  }

  burn(): void {
    const payload = JSON.stringify({ ts: Date.now(), values: { smoke: true, temp_c: 85 } });
    const packetId = 1 + (this.sent % (PACKET_IDS - 1));
    this.#sentAtMs[packetId] = performance.now();
    const topic = `cw/v1/${this.#id}/telemetry`;
    this.socket.write(
      generate({ cmd: 'publish', topic, payload, qos: 1, messageId: packetId, dup: false, retain: false }),
    );
    this.sent += 1;
  }

  #take(chunk: Buffer): void {
    const bytes = this.#odd.length > 0 ? Buffer.concat([this.#odd, chunk]) : chunk;
    const whole = bytes.length - (bytes.length % ACK_BYTES);
    this.#odd = bytes.subarray(whole);
    const nowMs = performance.now();
    const delaysMs: number[] = [];
    for (let at = 0; at < whole; at += ACK_BYTES) {
      delaysMs.push(nowMs - (this.#sentAtMs[bytes.readUInt16BE(at + 2)] ?? nowMs));
    }
    this.acked += delaysMs.length;
    this.onAcks(delaysMs);
  }
}

let devices: Device[] = [];

async function open(port: number, { id, secret }: { id: string; secret: string }): Promise<Device> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const login = { clientId: id, username: id, password: Buffer.from(secret) };
  socket.write(
    generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 0, ...login }),
  );
  for (let got = 0; got < ACK_BYTES; ) got += ((await once(socket, 'data'))[0] as Buffer).length;
  return new Device(socket, id);
}

/** Runs one load: `begin` is given what to call when it has sent its last message. */
async function run(begin: (delaysMs: number[], done: () => void) => void): Promise<LoadResult> {
  const before = total();
  const delaysMs: number[] = [];
  const startMs = performance.now();
  await new Promise<void>((resolve) => begin(delaysMs, resolve));
  while (total().acked < total().sent) await new Promise((resolve) => setTimeout(resolve, 1));
  const seconds = (performance.now() - startMs) / 1000;
  delaysMs.sort((a, b) => a - b);
  const at = (share: number): number => round(delaysMs[Math.floor((delaysMs.length - 1) * share)] ?? 0);
  const counts = { sent: total().sent - before.sent, acked: total().acked - before.acked };
  return { ...counts, seconds, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

function total(): { sent: number; acked: number } {
  let sent = 0;
  let acked = 0;
  for (const device of devices) {
    sent += device.sent;
    acked += device.acked;
  }
  return { sent, acked };
}

function saturate({ seconds, window, clocks }: Extract<Order, { do: 'saturate' }>): Promise<LoadResult> {
  const atMs = (): number | undefined => (clocks ? timeBy(clocks) : undefined);
  return run((delaysMs, done) => {
    let isOver = false;
    setTimeout(() => {
      isOver = true;
      done();
    }, seconds * 1000);
    for (const device of devices) {
      device.onAcks = (found) => {
        for (const delay of found) delaysMs.push(delay);
        if (!isOver) device.send(found.length, atMs());
      };
      device.send(window, atMs());
    }
  });
}

function pace({ perSecond, seconds, clocks }: Extract<Order, { do: 'pace' }>): Promise<LoadResult> {
  return run((delaysMs, done) => {
    for (const device of devices) {
      device.onAcks = (found) => {
        for (const delay of found) delaysMs.push(delay);
      };
    }
    const startMs = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      const elapsedS = (performance.now() - startMs) / 1000;
      const due = Math.floor(Math.min(elapsedS, seconds) * perSecond);
      const atMs = timeBy(clocks);
      for (; sent < due; sent += 1) devices[sent % devices.length]!.send(1, atMs);
      if (elapsedS < seconds) return;
      clearInterval(timer);
      done();
    }, TICK_MS);
  });
}

/** What clocks of devices say now. */
function timeBy(clocks: Clocks): number {
  return Date.now() - (clocks === 'right' ? 0 : HOUR_MS);
}

/** Resolves with when each published, in ms of the wall clock. */
async function burn({ from, to, perSecond }: Extract<Order, { do: 'burn' }>): Promise<number[]> {
  const startMs = performance.now();
  const publishedMs: number[] = [];
  for (const [index, device] of devices.slice(from, to).entries()) {
    const waitMs = perSecond === null ? 0 : startMs + (index * 1000) / perSecond - performance.now();
    if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
    publishedMs.push(Date.now());
    device.burn();
  }
  return publishedMs;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

async function follow(order: Order): Promise<unknown> {
  if (order.do === 'saturate') return saturate(order);
  if (order.do === 'pace') return pace(order);
  if (order.do === 'burn') return burn(order);
  const waiting = order.devices.values();
  const lane = async (): Promise<void> => {
    for (const device of waiting) devices.push(await open(order.port, device));
  };
  await Promise.all(Array.from({ length: CONNECTS_AT_ONCE }, lane));
  return { baseMs };
}

if (process.send) {
  process.on('message', (order: Order) => {
    follow(order).then(
      (result) => process.send?.({ result }),
      (error: Error) => process.send?.({ error: error.message }),
    );
  });
  process.on('disconnect', () => {
    devices = [];
    process.exit();
  });
}

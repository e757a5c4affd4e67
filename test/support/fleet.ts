import { connect } from 'node:net';
import { MqttClient } from 'mqtt';
import type { Test } from 'tap';
import type { Gateway } from './gateway.ts';
import { until } from './processes.ts';

export interface FleetOptions {
  devices?: number;
  perSecond?: number;
}

/** What one device sent and what was acknowledged of it. */
interface Diary {
  id: string;
  client: MqttClient;
  /** Readings carry their own time: one millisecond each, counted from `baseMs`. */
  sentTs: Set<number>;
  ackedTs: Set<number>;
  /** Events carry an id and no time. */
  sentEvents: Set<string>;
  ackedEvents: Set<string>;
}

const TICK_MS = 20;
/** Unacknowledged messages of one device above which it sends no more, as a device with little memory does. */
const WAITING_MAX = 200;
/** Each tenth message is an event. */
const EVENT_EVERY = 10;

/**
 * Kiosks that publish with QoS 1, resend what was not acknowledged and come back by themselves; each keeps a diary of
 * what was acknowledged, which is compared with what can be read afterwards.
 */
export class Fleet {
  readonly #gateway: Gateway;
  readonly #diaries: Diary[] = [];
  readonly #baseMs = Date.now() - 3_600_000;
  readonly #startedMs = Date.now();
  readonly #perSecond: number;
  #timer: NodeJS.Timeout | null = null;
  #next = 0;
  #acked = 0;

  private constructor(gateway: Gateway, perSecond: number) {
    this.#gateway = gateway;
    this.#perSecond = perSecond;
  }

  /** Registers the devices and connects them. */
  static async connect(t: Test, gateway: Gateway, { devices = 20, perSecond = 500 }: FleetOptions = {}) {
    const fleet = new Fleet(gateway, perSecond);
    t.teardown(() => fleet.end());
    for (let number = 0; number < devices; number += 1) await fleet.#add(`fleet-${number}`);
    await until('all devices are connected', () => fleet.#diaries.every(({ client }) => client.connected));
    return fleet;
  }

  get acked(): number {
    return this.#acked;
  }

  get waiting(): number {
    return this.#diaries.reduce((sum, { sentTs, ackedTs, sentEvents, ackedEvents }) => {
      return sum + sentTs.size - ackedTs.size + sentEvents.size - ackedEvents.size;
    }, 0);
  }

  /** Publishes `perSecond` messages a second until {@link stop}. */
  go(): void {
    let last = performance.now();
    let owed = 0;
    this.#timer = setInterval(() => {
      const now = performance.now();
      owed = Math.min(owed + ((now - last) * this.#perSecond) / 1000, this.#perSecond);
      for (last = now; owed >= 1; owed -= 1) this.#publishOne();
    }, TICK_MS);
  }

  /** Stops publishing and waits until all that was sent is acknowledged. */
  async stop(limitMs = 30_000): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    await until('everything sent is acknowledged', () => this.waiting === 0, limitMs);
  }

  end(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    for (const { client } of this.#diaries) client.end(true);
  }

  /** Reads everything back; resolves with what is wrong. Acknowledged is there once, and nothing is there unsent. */
  async faults(): Promise<string[]> {
    const faults: string[] = [];
    for (const diary of this.#diaries) {
      const { id, sentTs, ackedTs, sentEvents, ackedEvents } = diary;
      const stored = await this.#readings(id);
      faults.push(...compare(`reading of ${id}`, { stored, sent: sentTs, acked: ackedTs }));
      const events = await this.#events(id);
      faults.push(...compare(`event of ${id}`, { stored: events, sent: sentEvents, acked: ackedEvents }));
    }
    return faults;
  }

  async #add(id: string): Promise<void> {
    const secret = await this.#gateway.register({ id });
    const dial = () => connect(this.#gateway.mqttPort, '127.0.0.1');
    const client = new MqttClient(dial, {
      ...{ clientId: id, username: id, password: secret, clean: false, reconnectPeriod: 100, protocolVersion: 4 },
      ...{ connectTimeout: 3_000, keepalive: 10 },
    });
    client.on('error', () => {});
    const empty = { sentTs: new Set<number>(), ackedTs: new Set<number>() };
    this.#diaries.push({ id, client, ...empty, sentEvents: new Set(), ackedEvents: new Set() });
  }

  #publishOne(): void {
    const number = this.#next;
    this.#next += 1;
    const diary = this.#diaries[number % this.#diaries.length]!;
    const { id, client, sentTs, ackedTs, sentEvents, ackedEvents } = diary;
    if (sentTs.size - ackedTs.size + sentEvents.size - ackedEvents.size >= WAITING_MAX) return;
    const round = Math.floor(number / this.#diaries.length);
    if (round % EVENT_EVERY === EVENT_EVERY - 1) {
      const event = `e-${round}`;
      sentEvents.add(event);
      const payload = JSON.stringify({ id: event, type: 'deposit', data: { bin: 'paper', items: round % 1000 } });
      this.#send(client, { topic: `cw/v1/${id}/event`, payload }, () => ackedEvents.add(event));
    } else {
      const ts = this.#baseMs + round;
      sentTs.add(ts);
      const payload = JSON.stringify({ ts, values: { weight_kg: round % 5000, door_open: round % 2 === 0 } });
      this.#send(client, { topic: `cw/v1/${id}/telemetry`, payload }, () => ackedTs.add(ts));
    }
  }

  /** The library gives up messages when a connection ends while it resends; a kiosk would not, so neither do we. */
  #send(client: MqttClient, { topic, payload }: { topic: string; payload: string }, acked: () => void): void {
    client.publish(topic, payload, { qos: 1 }, (error) => {
      if (client.disconnecting) return;
      if (error) return void setTimeout(() => this.#send(client, { topic, payload }, acked), TICK_MS);
      acked();
      this.#acked += 1;
    });
  }

  async #readings(id: string): Promise<number[]> {
    const range = `from=${rfc3339(this.#baseMs)}&to=${rfc3339(this.#baseMs + 1_000_000)}&limit=10000`;
    const { points, truncated } = await this.#gateway.get(`/devices/${id}/history?fields=weight_kg&${range}`);
    if (truncated) throw new Error('more points than one answer holds');
    return points.map(({ at }: { at: string }) => Date.parse(at));
  }

  async #events(id: string): Promise<string[]> {
    const ids: string[] = [];
    const range = `from=${rfc3339(this.#startedMs - 60_000)}&to=${rfc3339(Date.now() + 60_000)}&limit=500`;
    for (let cursor = ''; ; ) {
      const { items, next } = await this.#gateway.get(`/devices/${id}/events?${range}${cursor}`);
      ids.push(...items.map((event: { id: string }) => event.id));
      if (!next) return ids;
      cursor = `&cursor=${encodeURIComponent(next)}`;
    }
  }
}

function rfc3339(atMs: number): string {
  return new Date(atMs).toISOString();
}

interface Sides<Key> {
  stored: Key[];
  sent: ReadonlySet<Key>;
  acked: ReadonlySet<Key>;
}

function compare<Key>(what: string, { stored, sent, acked }: Sides<Key>): string[] {
  const there = new Set(stored);
  const lost = [...acked].filter((key) => !there.has(key));
  const unsent = [...there].filter((key) => !sent.has(key));
  return [
    ...(lost.length > 0 ? [`${what}: ${lost.length} of ${acked.size} acknowledged are lost, such as ${lost[0]}`] : []),
    ...(there.size < stored.length ? [`${what}: ${stored.length - there.size} are there twice`] : []),
    ...(unsent.length > 0 ? [`${what}: ${unsent.length} were never sent, such as ${unsent[0]}`] : []),
  ];
}

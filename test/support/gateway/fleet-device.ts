import { connect } from 'node:net';
import { MqttClient } from 'mqtt';

/** A kind of message a device sends; each one's identity is `${kind}-${round}` in its diary. */
export type Sort = 'reading' | 'named reading' | 'event' | 'nonsense';

export const SORTS: readonly Sort[] = ['reading', 'named reading', 'event', 'nonsense'];

/** Rounds of one sort that were sent, and those that were acknowledged. */
export interface Entry {
  sent: Set<number>;
  acked: Set<number>;
}

export interface Login {
  username: string;
  password: string;
}

/** Before it sends a message again that its library gave up. */
const AGAIN_MS = 20;
/** One in so many rounds is an event, … */
const EVENT_EVERY = 10;
/** … a reading with an id and no time, … */
const NAMED_EVERY = 10;
/** … or nothing anybody can read. */
const NONSENSE_EVERY = 100;

export function sortOf(round: number): Sort {
  if (round % NONSENSE_EVERY === 50) return 'nonsense';
  if (round % EVENT_EVERY === 9) return 'event';
  return round % NAMED_EVERY === 4 ? 'named reading' : 'reading';
}

/** A field for each sort of reading, whose value also says which round it was. */
export const NAMED_PER_PERCENT = 10_000;

/** The message of a round: its channel and payload. Readings have a time of their own, `baseMs + round`. */
export function messageOf(sort: Sort, round: number, baseMs: number): { channel: string; payload: string } {
  switch (sort) {
    case 'event': {
      const event = { id: `e-${round}`, type: 'deposit', data: { bin: 'paper', items: round % 1000 } };
      return { channel: 'event', payload: JSON.stringify(event) };
    }
    case 'named reading': {
      const reading = { id: `r-${round}`, values: { fill_pct: round / NAMED_PER_PERCENT } };
      return { channel: 'telemetry', payload: JSON.stringify(reading) };
    }
    case 'nonsense': {
      const reading = { ts: baseMs + round, values: { weight_kg: `heavy ${round}` } };
      return { channel: 'telemetry', payload: JSON.stringify(reading) };
    }
    case 'reading': {
      const reading = { ts: baseMs + round, values: { weight_kg: round % 5000, door_open: round % 2 === 0 } };
      return { channel: 'telemetry', payload: JSON.stringify(reading) };
    }
  }
}

/** One device on MQTT with its diary: what it sent, and what was acknowledged. */
export class FleetDevice {
  readonly id: string;
  readonly diary: Record<Sort, Entry>;
  readonly #client: MqttClient;
  readonly #baseMs: number;
  /** Acknowledged, the same one counted once. */
  acked = 0;
  sent = 0;

  constructor(id: string, { port, login, baseMs }: { port: () => number; login: Login; baseMs: number }) {
    this.id = id;
    this.#baseMs = baseMs;
    this.diary = Object.fromEntries(SORTS.map((sort) => [sort, { sent: new Set(), acked: new Set() }])) as never;
    this.#client = new MqttClient(() => connect(port(), '127.0.0.1'), {
      clientId: id,
      clean: false,
      reconnectPeriod: 100,
      protocolVersion: 4,
      ...login,
      connectTimeout: 10_000,
      keepalive: 10,
    });
    this.#client.on('error', () => {});
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  get waiting(): number {
    return this.sent - this.acked;
  }

  publish(round: number): void {
    const sort = sortOf(round);
    this.diary[sort].sent.add(round);
    this.sent += 1;
    this.#send(sort, round);
  }

  /** Publishes a message of the past once more. */
  repeat(sort: Sort, round: number): Promise<unknown> {
    const { channel, payload } = messageOf(sort, round, this.#baseMs);
    return this.#client.publishAsync(`cw/v1/${this.id}/${channel}`, payload, { qos: 1 });
  }

  /** The library gives up messages when a connection ends while it resends; a device would not, so neither do we. */
  #send(sort: Sort, round: number): void {
    const { channel, payload } = messageOf(sort, round, this.#baseMs);
    this.#client.publish(`cw/v1/${this.id}/${channel}`, payload, { qos: 1 }, (error) => {
      if (this.#client.disconnecting) return;
      if (error) return void setTimeout(() => this.#send(sort, round), AGAIN_MS);
      this.diary[sort].acked.add(round);
      this.acked += 1;
    });
  }

  end(): void {
    this.#client.end(true);
  }
}

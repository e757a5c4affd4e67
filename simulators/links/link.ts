/** How a virtual device reaches a gateway: one connection of one device, by whatever protocol. */
export interface Link {
  /** Whether a message can go out now. */
  readonly isUp: boolean;
  /**
   * Sends a message; `onAck` hears once that the gateway has it, or, with `false`, that it refused it. A message whose
   * answer was still out when the connection broke is sent again on the next one.
   */
  send(message: Outgoing): void;
  /** Connects, and again after each loss, until it is closed. */
  open(): void;
  /** Breaks the connection as a device does that loses power, and stays away until `open`. */
  cut(): void;
  /** Ends as {@link cut}, and what it still had is lost: the device is gone for good. */
  abandon(): void;
  /** Says goodbye in order; resolves when the connection is gone. */
  close(): Promise<void>;
}

export interface Outgoing {
  channel: 'telemetry' | 'event' | 'state' | 'reply';
  payload: string;
  onAck(taken: boolean): void;
}

/** How devices of a fleet speak. */
export interface Speech {
  protocol: 'mqtt' | 'http';
  /** Of MQTT: 4 is 3.1.1. */
  version: 4 | 5;
  qos: 0 | 1;
  tls: boolean;
}

/** How a device speaks to a gateway whose contract is not that of this repository; by MQTT. */
export interface Manner {
  clientId: string;
  username: string | null;
  password: string | null;
  /** Null for what it does not say at all. */
  topicOf(channel: Outgoing['channel']): string | null;
}

/** Where a gateway is reached, and how it is believed. */
export interface Doors {
  http: URL;
  mqtt: { host: string; port: number };
  mqtts: { host: string; port: number } | null;
  /** PEM of who may have issued the gateway's certificate; without it those that Node.js knows. */
  ca: string | null;
}

export interface LinkOptions {
  id: string;
  secret: string;
  firmware: string;
  /** A source address of its own, in 127.65.0.0/16; null leaves it to the system. */
  from: string | null;
  doors: Doors;
  speech: Speech;
  /** Where it is not the manner of this repository's contract. */
  manner?: Manner | null;
  /** In [0, 1), other each time: spreads what many devices do at the same moment. */
  random(): number;
  onUp?(): void;
  onDown?(): void;
  /** A command came in: the bytes of the command topic. */
  onCommand?(payload: Buffer): void;
}

/** Messages that a device keeps while it cannot send; a real one has about as much memory. */
export const WAITING_MAX = 1_000;

/** The first address that a fleet of devices uses. */
const FIRST = { from: 127 * 2 ** 24 + 65 * 2 ** 16 + 1, count: 2 ** 16 - 2 };

/** A source address for the `index`-th device; after 65,534 they begin again. */
export function addressOf(index: number): string {
  const number = FIRST.from + (index % FIRST.count);
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}

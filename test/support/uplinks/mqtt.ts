import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet';
import type { Test } from 'tap';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { CitywatchError } from '../../../src/core/errors.ts';
import { createObserver, KnownSecrets, type Observer } from '../../../src/core/observe.ts';
import type { NewMessage, Receipt } from '../../../src/core/types.ts';
import { type DeviceRates, type KindRates, UNLIMITED_RATES } from '../../../src/ingest/uplinks/common/rate-budget.ts';
import { MqttListener } from '../../../src/ingest/uplinks/mqtt/listener.ts';
import { MQTT_DEFAULTS, type MqttOptions } from '../../../src/ingest/uplinks/mqtt/options.ts';
import { until } from '../time/until.ts';

/** The secret of every device of {@link startListener}. */
export const SECRET = 's'.repeat(43);

/**
 * Stands in for the journal: `open` takes at once, `hold` keeps the sender waiting until `settle`, `full` refuses.
 * `never` refuses for good. `asked` are all calls in order, `taken` the messages it made durable.
 */
export class FakeIntake {
  mode: 'open' | 'hold' | 'full' | 'internal' | 'never' = 'open';
  readonly asked: NewMessage[] = [];
  readonly taken: NewMessage[] = [];
  readonly held: { message: NewMessage; take(): void; refuse(): void }[] = [];

  readonly accept = (message: NewMessage): Promise<Receipt> => {
    this.asked.push(message);
    if (this.mode === 'full') return Promise.reject(new CitywatchError('ingest.full'));
    if (this.mode === 'internal') return Promise.reject(new CitywatchError('internal'));
    if (this.mode === 'never') return Promise.reject(new CitywatchError('request.too-large'));
    if (this.mode === 'open') return Promise.resolve(this.#take(message));
    return new Promise((resolve, reject) => {
      const take = () => resolve(this.#take(message));
      this.held.push({ message, take, refuse: () => reject(new CitywatchError('ingest.full')) });
    });
  };

  #take(message: NewMessage): Receipt {
    this.taken.push({ ...message, raw: Buffer.from(message.raw) });
    const offset = this.taken.length;
    return { id: `live-${offset}`, position: { lane: 'live', offset } };
  }
}

export interface Rig {
  listener: MqttListener;
  port: number;
  tlsPort: number;
  intake: FakeIntake;
  presence: [string, string][];
  observer: Observer;
  logs: string[];
  /** Ids that authenticate; all ids of the form of a device id when left empty. */
  known: Set<string>;
}

export interface RigOptions extends Partial<MqttOptions> {
  clock?: Clock;
  /** Who is looked up first; a rejection means that nobody can tell now. */
  lookUp?: (id: string) => Promise<void>;
  /** Rates of kinds; the kind of a device is the part of its id before the first `-`, where these are given. */
  rates?: KindRates & DeviceRates;
}

/** A listener on a free port whose devices are `known` with {@link SECRET}, stopped at the end of the test. */
export async function startListener(
  t: Test,
  { clock = systemClock, rates, lookUp = async () => {}, ...options }: RigOptions = {},
): Promise<Rig> {
  const intake = new FakeIntake();
  const known = new Set<string>();
  const presence: [string, string][] = [];
  const logs: string[] = [];
  const destination = { write: (line: string) => void logs.push(line) };
  const observer = createObserver({ level: 'info', secrets: new KnownSecrets(), destination });
  const authenticate = async (id: string, secret: string) => {
    await lookUp(id);
    return (known.size === 0 || known.has(id)) && secret === SECRET
      ? { id, kind: rates ? id.split('-', 1)[0]! : 'recycling-kiosk', kindVersion: 1, jurisdiction: '330200' }
      : null;
  };
  const connected = (id: string, now: string) => void presence.push([id, now]);
  const deps = { authenticate, accept: intake.accept, connected, clock, observer, kinds: rates ?? UNLIMITED_RATES };
  const listener = new MqttListener(deps, { ...MQTT_DEFAULTS, host: '127.0.0.1', port: 0, ...options });
  const { port, tlsPort } = await listener.start();
  t.teardown(async () => {
    const limit = new AbortController();
    setTimeout(() => limit.abort(), 2_000).unref();
    if (clock !== systemClock) limit.abort();
    await listener.stop(limit.signal);
  });
  return { listener, port, tlsPort: tlsPort ?? 0, intake, presence, observer, logs, known };
}

/** A CONNECT of a device; `over` changes fields. */
export function connectPacket(id: string, over: Partial<IConnectPacket> = {}): Buffer {
  return generate(
    {
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: 60,
      clientId: id,
      username: id,
      password: Buffer.from(SECRET),
      ...over,
    } as IConnectPacket,
    { protocolVersion: over.protocolVersion ?? 4 },
  );
}

export interface PublishFields {
  topic: string;
  payload?: string | Buffer;
  qos?: 0 | 1 | 2;
  id?: number;
  dup?: boolean;
}

export function publishPacket({ topic, payload = '{}', qos = 1, id = 1, dup = false }: PublishFields): Buffer {
  return generate({ cmd: 'publish', topic, payload, qos, messageId: id, dup, retain: false });
}

/** An MQTT peer that sends whatever bytes it likes. */
export class RawClient {
  readonly socket: Socket;
  readonly packets: Packet[] = [];
  /** Resolves when the other side has closed. */
  readonly closed: Promise<void>;
  readonly #reader: ReturnType<typeof parser>;
  #wake: (() => void)[] = [];
  isClosed = false;

  constructor(socket: Socket, protocolVersion: 4 | 5 = 4) {
    this.socket = socket;
    this.#reader = parser({ protocolVersion });
    this.#reader.on('packet', (packet) => this.packets.push(packet));
    socket.on('data', (bytes) => {
      this.#reader.parse(bytes as Buffer);
      this.#stir();
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      const end = () => {
        this.isClosed = true;
        this.#stir();
        resolve();
      };
      socket.once('end', end);
      socket.once('close', end);
    });
  }

  static async open(t: Test, port: number, protocolVersion: 4 | 5 = 4): Promise<RawClient> {
    const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true });
    t.teardown(() => void socket.destroy());
    await once(socket, 'connect');
    return new RawClient(socket, protocolVersion);
  }

  /** Connects and waits for the CONNACK. */
  static async device(t: Test, port: number, id: string, over: Partial<IConnectPacket> = {}): Promise<RawClient> {
    const client = await RawClient.open(t, port, over.protocolVersion === 5 ? 5 : 4);
    client.send(connectPacket(id, over));
    await client.until(() => client.of('connack').length > 0 || client.isClosed);
    return client;
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  of<Cmd extends Packet['cmd']>(cmd: Cmd): Extract<Packet, { cmd: Cmd }>[] {
    return this.packets.filter((packet): packet is Extract<Packet, { cmd: Cmd }> => packet.cmd === cmd);
  }

  get ackIds(): number[] {
    return this.of('puback').map(({ messageId }) => messageId ?? 0);
  }

  /** Waits until `fact` holds; it is looked at whenever something arrives. */
  async until(fact: () => boolean): Promise<void> {
    while (!fact()) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  /** Asks for a PINGRESP: when it is there, everything sent before has been read. */
  async ping(): Promise<void> {
    const seen = this.of('pingresp').length;
    this.send(Buffer.from([0xc0, 0]));
    await this.until(() => this.of('pingresp').length > seen || this.isClosed);
  }

  #stir(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** As {@link until}, for a fact that needs no words. */
export async function eventually(fact: () => boolean | Promise<boolean>): Promise<void> {
  await until(String(fact), fact);
}

/** Value of one metric, summed over its labels. */
export async function metric(observer: Observer, name: string): Promise<number> {
  const found = await observer.metrics.getSingleMetric(name)?.get();
  return (found?.values ?? []).reduce((sum, { value }) => sum + value, 0);
}

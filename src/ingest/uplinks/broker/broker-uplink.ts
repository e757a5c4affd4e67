import type { Clock } from '../../../core/clock.ts';
import { CitywatchError, messageOf } from '../../../core/errors.ts';
import { SayOnce } from '../../../core/mechanisms/say-once.ts';
import type { Logger, Observer } from '../../../core/observe.ts';
import { type Channel, DEVICE_ID, type DeviceIdentity, type NewMessage, type Receipt } from '../../../core/types.ts';
import { AckQueue } from '../common/ack-queue.ts';
import { ByteBudget } from '../common/byte-budget.ts';
import type { KindRates } from '../common/rate-budget.ts';
import { channelOf, topicPrefix } from '../common/topics.ts';
import { Turns } from '../common/turns.ts';
import { MQTT_NAME } from '../mqtt/settings.ts';
import { BrokerDownlink } from './downlink.ts';
import {
  codeOf,
  DEFERRED,
  type IConnackPacket,
  type IPublishPacket,
  type MqttClient,
  openClient,
  Pubacks,
  unfitness,
} from './link.ts';
import type { ExternalMqttOptions } from './options.ts';
import { type BrokerRefusal, BrokerStats, type BrokerStatus, registerBrokerMetrics } from './stats.ts';
import { Strangers } from './strangers.ts';

export interface ExternalMqttDeps {
  /** The device of a topic; undefined when it is unknown or retired. */
  identity(id: string): DeviceIdentity | undefined;
  /** As `identity`, for one that is not in memory. A retryable rejection means "not now", as that of `accept`. */
  find(id: string): Promise<DeviceIdentity | undefined>;
  /** Resolves once the message is durable; a retryable rejection means "not now" and holds the acknowledgement. */
  accept(message: NewMessage): Promise<Receipt>;
  /** Whether a message may be refused for good now: not while another gateway may be the one that knows better. */
  mayRefuse(): boolean;
  /** There is a way to every device again. */
  listening?(): void;
  /** What all devices of one kind may send together. */
  kinds: KindRates;
  clock: Clock;
  observer: Observer;
}

/** A broker may overshoot its receive maximum; reading stops only well above it, so that PINGRESP gets through. */
const CAP_FACTOR = 4;
const CHANNELS: Channel[] = ['telemetry', 'event', 'state', 'reply'];
const SUBSCRIBE_AGAIN_MS = 5_000;
const LINGER_MS = 1_000;
const STOP_POLL_MS = 5;

/** Stands in the queue for what is not kept, so that its acknowledgement keeps its place; with an id: a stranger. */
const NOBODY: DeviceIdentity = { id: '', kind: '', kindVersion: 0, jurisdiction: '' };
const NO_RECEIPT: Receipt = { id: '', position: { lane: 'live', offset: 0 } };

/**
 * Takes the devices' messages from an MQTT 5 broker (contract.md, MQTT). Who sent a message is what its topic says: the
 * broker's access list must see to that. A PUBACK goes to the broker after `accept` has resolved, in order of receipt,
 * and only on the connection that brought the message; what is unacknowledged when a connection ends is sent again on
 * the next. A message that can never be kept (no such device, too large) is counted, acknowledged and gone.
 */
export class ExternalMqtt {
  readonly stats = new BrokerStats();
  readonly downlink: BrokerDownlink;
  readonly #deps: ExternalMqttDeps;
  readonly options: ExternalMqttOptions;
  readonly #log: Logger;
  readonly #budget = new ByteBudget(Number.POSITIVE_INFINITY);
  #client: MqttClient | null = null;
  /** What the present connection brought; a new one for each. */
  #queue: AckQueue | null = null;
  /** Lets the library read on; kept back while there is too much. */
  #readOn: (() => void) | null = null;
  #hadSession = false;
  #subscribed = false;
  #reason: string | null = 'not connected yet';
  #stopping = false;
  #cancelSubscribe: () => void = () => {};
  readonly #said: SayOnce;
  readonly #turns: Turns;
  readonly #strangers: Strangers;

  constructor(deps: ExternalMqttDeps, options: ExternalMqttOptions) {
    this.#deps = deps;
    this.#said = new SayOnce(deps.clock);
    this.options = options;
    this.#log = deps.observer.log.child({ part: 'mqtt' });
    this.#turns = new Turns(deps.kinds);
    this.#strangers = new Strangers((id) => deps.find(id));
    this.downlink = new BrokerDownlink({ clock: deps.clock, log: this.#log, listening: () => deps.listening?.() });
  }

  /** Starts to connect and goes on until `stop`; a broker that is down is no error, `status()` says so. */
  start(): void {
    const levels = () => ({ connected: this.#subscribed, unacked: this.#queue?.size ?? 0 });
    registerBrokerMetrics(this.#deps.observer.metrics, this.stats, levels);
    const client = openClient(this.options, this.#deps.clock);
    this.#client = client;
    client.handleMessage = (packet, done) => this.#receive(packet, () => done(DEFERRED));
    this.downlink.attach(client);
    client.on('connect', (connack) => this.#connected(client, connack));
    client.on('close', () => this.#closed());
    client.on('error', (error) => this.#trouble(`the broker cannot be reached: ${error.message || codeOf(error)}`));
  }

  status(): BrokerStatus {
    const { sessionsLost } = this.stats;
    return { ok: this.#subscribed, reason: this.#reason, unacked: this.#queue?.size ?? 0, sessionsLost };
  }

  /** Takes nothing more, waits (until `signal`) for the journal's word on what it has, acknowledges and leaves. */
  async stop(signal: AbortSignal): Promise<void> {
    const client = this.#client;
    if (client === null || this.#stopping) return;
    this.#stopping = true;
    this.#turns.giveUp();
    this.#cancelSubscribe();
    const { clock } = this.#deps;
    while (client.connected && this.stats.asked > 0 && !signal.aborted) await clock.sleep(STOP_POLL_MS, signal);
    this.#resume();
    await new Promise<void>((resolve) => {
      const cut = clock.after(LINGER_MS, () => client.stream.destroy());
      client.end(!client.connected, {}, () => {
        cut();
        resolve();
      });
    });
    this.#closed();
  }

  #connected(client: MqttClient, { sessionPresent, properties = {} }: IConnackPacket): void {
    this.stats.connects += 1;
    const log = this.#log;
    if (this.#hadSession && !sessionPresent) {
      this.stats.sessionsLost += 1;
      log.error('the broker forgot our session: what it acknowledged to devices meanwhile is lost; see operators.md');
    }
    if (!this.#hadSession) {
      log.warn(
        'a broker cannot be asked whether it keeps what it acknowledges: set what operators.md names ' +
          '(Mosquitto: persistence true, max_queued_messages 0, autosave_on_changes true, autosave_interval 1)',
      );
    }
    this.#hadSession = true;
    const expiryS = properties.sessionExpiryInterval ?? this.options.sessionExpiryS;
    if (expiryS < this.options.sessionExpiryS) {
      const askedS = this.options.sessionExpiryS;
      log.warn({ askedS, grantedS: expiryS }, 'the broker keeps our session for a shorter time than asked');
    }
    const unfit = unfitness(properties);
    if (unfit === null) this.#subscribe(client);
    else this.#trouble(unfit);
  }

  /** At each connect: a session may be older than our topics. Retained messages come for new ones only. */
  #subscribe(client: MqttClient): void {
    const filters = CHANNELS.map((channel) => `cw/v1/+/${channel}`);
    client.subscribe(filters, { qos: 1, rh: 1 }, (error, granted) => {
      if (this.#stopping || !client.connected) return;
      const isGranted = !error && granted?.every(({ qos }) => qos === 1);
      if (isGranted) {
        this.#subscribed = true;
        this.#reason = null;
        this.downlink.opened();
        this.#log.info('subscribed at the broker');
        return;
      }
      this.#trouble('the broker does not grant our subscriptions with QoS 1; let this user read cw/v1/#');
      this.#cancelSubscribe = this.#deps.clock.after(SUBSCRIBE_AGAIN_MS, () => {
        if (client.connected) this.#subscribe(client);
      });
    });
  }

  /** The acknowledgements of what this connection brought have no place on another one. */
  #closed(): void {
    this.#cancelSubscribe();
    if (this.#subscribed) this.#trouble('the connection to the broker ended');
    this.#subscribed = false;
    this.#queue?.close();
    this.#queue = null;
    this.#turns.giveUp();
    this.#resume();
  }

  #receive(packet: IPublishPacket, readOn: () => void): void {
    const client = this.#client;
    // Packets that were read before their connection ended are still handed out after it.
    if (this.#stopping || !client?.connected) {
      readOn();
      return;
    }
    this.stats.received += 1;
    this.#queue ??= this.#newQueue(client);
    const queue = this.#queue;
    queue.push(this.#messageOf(packet), packet.qos);
    if (this.#tooMuch(queue, CAP_FACTOR)) {
      this.stats.readingStops += 1;
      this.#readOn = readOn;
    } else {
      readOn();
    }
  }

  #newQueue(client: MqttClient): AckQueue {
    const { clock } = this.#deps;
    const accept = (message: NewMessage) => this.#accept(message);
    const pubacks = new Pubacks(client, () => this.#queue === queue && client.connected);
    const queue = new AckQueue(
      { accept, clock, budget: this.#budget, counts: this.stats },
      {
        acked: (packetId) => {
          if (pubacks.send(packetId)) this.stats.acks += 1;
        },
        eased: () => {
          if (this.#queue === queue && !this.#tooMuch(queue, CAP_FACTOR / 2)) this.#resume();
        },
        rejected: () => {},
      },
    );
    return queue;
  }

  #tooMuch(queue: AckQueue, factor: number): boolean {
    const { receiveMaximum, unackedBytesMax } = this.options;
    const isFull = queue.size >= receiveMaximum * factor;
    return isFull || queue.bytes >= (unackedBytesMax * factor) / CAP_FACTOR;
  }

  #resume(): void {
    const readOn = this.#readOn;
    this.#readOn = null;
    readOn?.();
  }

  #messageOf(packet: IPublishPacket): NewMessage {
    const { topic, payload, messageId = 0, dup } = packet;
    const raw = typeof payload === 'string' ? Buffer.from(payload) : payload;
    const [, , id = ''] = topic.split('/', 3);
    const channel = DEVICE_ID.test(id) ? channelOf(topic, topicPrefix(id)) : undefined;
    const device = this.#strangers.has(id) ? undefined : this.#deps.identity(id);
    const common = {
      receivedAtMs: this.#deps.clock.nowMs(),
      uplink: MQTT_NAME,
      connection: `broker ${this.options.clientId}`.slice(0, 64),
      packetId: messageId,
      dup,
    };
    if (channel !== undefined && raw.length <= this.options.payloadBytesMax) {
      return { ...common, channel, topic, device: device ?? { ...NOBODY, id }, raw };
    }
    if (channel === undefined) this.#refuse('topic', null);
    else this.#refuse('too-large', id);
    return { ...common, channel: 'state', topic: '', device: NOBODY, raw: Buffer.alloc(0) };
  }

  async #accept(message: NewMessage): Promise<Receipt> {
    const { id, kind } = message.device;
    if (kind !== '' || id === '') return await this.#acceptKnown(message);
    return await this.#strangers.take(id, (device) => {
      if (device === undefined) this.#refuse('unknown-device', id);
      return this.#acceptKnown({ ...message, device: device ?? NOBODY });
    });
  }

  async #acceptKnown(message: NewMessage): Promise<Receipt> {
    try {
      // Acknowledged and dropped, so that the broker does not bring it for ever.
      if (message.device === NOBODY && this.#deps.mayRefuse()) return NO_RECEIPT;
      if (message.device === NOBODY) throw new CitywatchError('ingest.unavailable');
      await this.#turns.enter(message.device.kind);
      return await this.#deps.accept(message);
    } catch (error) {
      const isKnown = error instanceof CitywatchError && error.code !== 'internal';
      if (!isKnown || error.retryable) {
        this.#sayAtTimes('held', () => this.#log.warn({ error: messageOf(error) }, 'the journal takes nothing now'));
        throw error;
      }
      this.#refuse('rejected', message.device.id);
      return NO_RECEIPT;
    }
  }

  #refuse(reason: BrokerRefusal, device: string | null): void {
    this.stats.refuse(reason);
    const refused = Object.fromEntries(this.stats.refusals);
    const text = 'a message of the broker was not kept; its access list should not let it through';
    this.#sayAtTimes(reason, () => this.#log.warn({ reason, device, refused }, text));
  }

  #trouble(reason: string): void {
    this.#reason = reason;
    if (!this.#stopping) this.#sayAtTimes(reason, () => this.#log.error({ reason }, 'no messages from the broker'));
  }

  /** At most one line a minute of each sort. */
  #sayAtTimes(sort: string, say: () => void): void {
    if (this.#said.due(sort)) say();
  }
}

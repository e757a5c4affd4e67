import { connect as openSocket } from 'node:net';
import { connect, type IClientOptions, type IConnackPacket, MqttClient } from 'mqtt';
import type { Clock } from '../../../core/clock.ts';
import { machineNames, type Names } from '../../../platform/outbound/names.ts';
import { pubacks } from '../mqtt/codec.ts';
import type { ExternalMqttOptions } from './options.ts';

export type { IConnackPacket, IPublishPacket, MqttClient } from 'mqtt';

/** What a broker may send at most; it discards larger messages itself, so this stands well above what we take. */
const PACKET_BYTES_MAX = 1024 * 1024;

/** Whoever hands this to the library's callback of a PUBLISH keeps the PUBACK to itself; the next packet is read. */
export const DEFERRED = new Error('deferred');

/** The version whose way with {@link DEFERRED} we rely on; the contract test holds it against what is installed. */
export const CLIENT_VERSION = '5.16.0';

/** Starts to connect, and again whenever the connection ends, until `end` is called. */
export function openClient(options: ExternalMqttOptions, clock: Pick<Clock, 'monotonicMs'>): MqttClient {
  const client = openWith(clientOptions(options));
  takePacketsForLife(client, { clock, keepaliveMs: options.keepaliveS * 1_000 });
  return client;
}

/**
 * The library takes only the answer to its ping for a sign of life, and that waits in line behind all that a broker has
 * sent: the connection to one that is behind would be ended, and everything sent again. So each packet is one, told at
 * most ten times per keepalive, since each time costs the library a timer. It also puts off the library's ping, and
 * what came with QoS 0 has no answer: where the library has not sent anything for a keepalive we ping all the same.
 * {@link Pubacks} do not go through it, so a busy connection has a ping per keepalive that nobody needs.
 */
function takePacketsForLife(client: MqttClient, at: { clock: Pick<Clock, 'monotonicMs'>; keepaliveMs: number }): void {
  let toldMs = Number.NEGATIVE_INFINITY;
  let sentMs = at.clock.monotonicMs();
  client.on('packetsend', () => {
    sentMs = at.clock.monotonicMs();
  });
  client.on('packetreceive', () => {
    const nowMs = at.clock.monotonicMs();
    if (nowMs - toldMs < at.keepaliveMs / 10) return;
    toldMs = nowMs;
    client.reschedulePing(true);
    if (nowMs - sentMs >= at.keepaliveMs) client.sendPing();
  });
}

/**
 * As {@link openClient}, with options of one's own. The library hands its options on to the socket where it speaks TLS,
 * and only host and port where it does not: there the socket is ours, so that the broker's name is asked for by us.
 */
export function openWith(options: IClientOptions, names: Pick<Names, 'lookup'> = machineNames.services): MqttClient {
  const { lookup } = names;
  if (options.protocol === 'mqtts') return connect({ ...options, lookup } as IClientOptions);
  const target = { host: options.host ?? 'localhost', port: options.port ?? 1883, lookup };
  const client = new MqttClient(() => openSocket(target), options);
  // As the library's own connect() does: an error without a listener would end the process.
  client.on('error', () => {});
  return client;
}

/** A URL's parts by hand: the library would not decode a password with escaped characters. */
export function clientOptions(options: ExternalMqttOptions): IClientOptions {
  const { url, clientId, receiveMaximum, sessionExpiryS, keepaliveS, reconnectMs } = options;
  const { protocol, hostname, port, username, password } = new URL(url);
  const isTls = protocol === 'mqtts:';
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    protocol: isTls ? 'mqtts' : 'mqtt',
    host,
    port: Number(port) || (isTls ? 8883 : 1883),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(isTls && options.ca !== null ? { ca: options.ca } : {}),
    clientId,
    protocolVersion: 5,
    clean: false,
    properties: { sessionExpiryInterval: sessionExpiryS, receiveMaximum, maximumPacketSize: PACKET_BYTES_MAX },
    keepalive: keepaliveS,
    timerVariant: 'native',
    reconnectPeriod: reconnectMs,
    reconnectOnConnackError: true,
    connectTimeout: CONNECT_DEADLINE_MS,
    // We subscribe at each connect ourselves, without asking for the retained messages again.
    resubscribe: false,
  };
}

const CONNECT_DEADLINE_MS = 10_000;

/**
 * The PUBACKs of one connection, for a library that has no public way to acknowledge later than in its callback, which
 * would hold up every packet behind it, PINGRESP too. One sync of the journal makes many due at once; they go out with
 * one write, where the library would make one for each.
 */
export class Pubacks {
  readonly #client: MqttClient;
  readonly #isOpen: () => boolean;
  #due: number[] = [];

  /** `isOpen` says whether the connection that brought the messages is still the client's. */
  constructor(client: MqttClient, isOpen: () => boolean) {
    this.#client = client;
    this.#isOpen = isOpen;
  }

  /** False, and nothing is done, once the connection is not there any more. */
  send(messageId: number): boolean {
    if (!this.#isOpen()) return false;
    this.#due.push(messageId);
    if (this.#due.length === 1) process.nextTick(this.#flush);
    return true;
  }

  readonly #flush = (): void => {
    const ids = this.#due;
    this.#due = [];
    if (this.#isOpen()) this.#client.stream.write(pubacks(ids));
  };
}

/** What the broker says it cannot do and we cannot do without; null when it fits. */
export function unfitness(said: NonNullable<IConnackPacket['properties']>): string | null {
  if (said.maximumQoS === 0) return 'the broker offers no QoS 1';
  if (said.wildcardSubscriptionAvailable === false) return 'the broker offers no wildcard subscriptions';
  return null;
}

/** Of an error without words, as when none of several addresses answers. */
export function codeOf(error: Error): string {
  return String((error as NodeJS.ErrnoException).code ?? error.name);
}

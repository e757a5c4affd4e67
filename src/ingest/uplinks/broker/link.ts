import { connect as openSocket } from 'node:net';
import { connect, type IClientOptions, type IConnackPacket, MqttClient, type Packet } from 'mqtt';
import { machineNames, type Names } from '../../../platform/outbound/names.ts';
import type { ExternalMqttOptions } from './options.ts';

export type { IConnackPacket, IPublishPacket, MqttClient } from 'mqtt';

/** What a broker may send at most; it discards larger messages itself, so this stands well above what we take. */
const PACKET_BYTES_MAX = 1024 * 1024;

/** Whoever hands this to the library's callback of a PUBLISH keeps the PUBACK to itself; the next packet is read. */
export const DEFERRED = new Error('deferred');

/** The version whose inside {@link sendPuback} relies on; the contract test holds it against what is installed. */
export const CLIENT_VERSION = '5.16.0';

/** Starts to connect, and again whenever the connection ends, until `end` is called. */
export function openClient(options: ExternalMqttOptions): MqttClient {
  return openWith(clientOptions(options));
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
 * Sends one PUBACK now. The library has no public way to acknowledge later than in its callback, which would hold up
 * every packet behind it, PINGRESP too. Its queue for times without a connection must not get it: call it only while
 * connected, for a message of this connection.
 */
export function sendPuback(client: MqttClient, messageId: number): void {
  const inside = client as unknown as { _sendPacket(packet: Packet): void };
  inside._sendPacket({ cmd: 'puback', messageId, reasonCode: 0 });
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

import { isUtf8 } from 'node:buffer';
import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet';

import { connectFault } from './control.ts';
import { type MqttOptions, publishBytesMax } from './options.ts';
import { type PacketFault, PacketReader, type Version } from './properties.ts';

export type { IConnectPacket, IDisconnectPacket, ISubscribePacket, IUnsubscribePacket, Packet } from 'mqtt-packet';
export type { Version } from './properties.ts';

/** First nibble of an MQTT packet. */
export const TYPE = {
  connect: 1,
  publish: 3,
  puback: 4,
  subscribe: 8,
  unsubscribe: 10,
  pingreq: 12,
  disconnect: 14,
} as const;

/** Why a CONNECT is not accepted: return code of MQTT 3.1.1 §3.2.2.3, reason code of MQTT 5 §3.2.2.2. */
export const REFUSALS = {
  version: { returnCode: 1, reasonCode: 0x84 },
  identifier: { returnCode: 2, reasonCode: 0x85 },
  busy: { returnCode: 3, reasonCode: 0x89 },
  credentials: { returnCode: 4, reasonCode: 0x86 },
  rights: { returnCode: 5, reasonCode: 0x87 },
  method: { returnCode: 5, reasonCode: 0x8c },
  willQos: { returnCode: 5, reasonCode: 0x9b },
  packetSize: { returnCode: 5, reasonCode: 0x95 },
} as const;

export type Refusal = keyof typeof REFUSALS;

/** What a MQTT 5 client said of itself in its CONNECT. */
export interface PeerLimits {
  /** Commands that may be open at once. */
  receiveMaximum: number;
  /** The largest packet we may send, as a whole. */
  maximumPacketSize: number;
  /** 0 for none: then it cannot ask for one when it leaves. */
  sessionExpiryS: number;
}

export const PINGRESP: Buffer = Buffer.from([0xd0, 0]);

/**
 * Reads one complete packet other than PUBLISH, PUBACK and PINGREQ (those are read in place). Null when malformed.
 * A fresh parser each time: it carries the version and half-read state of what it saw before.
 */
export function decode(frame: Buffer, version: Version): Packet | null {
  const reader = parser({ protocolVersion: version });
  let packet: Packet | null = null;
  let failed = false;
  reader.on('packet', (found) => {
    packet = found;
  });
  reader.on('error', () => {
    failed = true;
  });
  try {
    reader.parse(frame);
  } catch {
    return null;
  }
  return failed ? null : packet;
}

export type ConnectResult =
  | { packet: IConnectPacket; version: Version }
  | { refusal: 'version'; version: Version }
  /** `last` is a CONNACK that says so, where the peer speaks MQTT 5. */
  | { fault: 'malformed' | 'protocol'; last?: Buffer };

const MQTT_NAME = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54]);
const MQISDP_NAME = Buffer.from([0, 6, 0x4d, 0x51, 0x49, 0x73, 0x64, 0x70]);

/** Brokers that forward to another set it in the level of 3.1 and 3.1.1. */
const BRIDGE_BIT = 0x80;

/** Reads a CONNECT. The version is looked at first, because the codec has no answer for one it does not know. */
export function decodeConnect(frame: Buffer, bodyAt: number): ConnectResult {
  const body = frame.subarray(bodyAt);
  if (body.subarray(0, MQISDP_NAME.length).equals(MQISDP_NAME)) return { refusal: 'version', version: 4 };
  if (!body.subarray(0, MQTT_NAME.length).equals(MQTT_NAME)) return { fault: 'malformed' };
  const level = body[MQTT_NAME.length];
  if (level === undefined) return { fault: 'malformed' };
  if (level !== 4 && level !== 5) return { refusal: 'version', version: level > 5 && level < BRIDGE_BIT ? 5 : 4 };
  const found = connectFault(frame, bodyAt + MQTT_NAME.length + 1, level);
  const packet = found === null ? decode(frame, level) : null;
  if (packet?.cmd === 'connect') return { packet, version: level };
  const fault = found === 'protocol' ? 'protocol' : 'malformed';
  return level === 5 ? { fault, last: connack5(fault === 'protocol' ? 0x82 : 0x81) } : { fault };
}

function connack5(reasonCode: number): Buffer {
  return Buffer.from([0x20, 3, 0, reasonCode, 0]);
}

export function connackRefused(refusal: Refusal, version: Version): Buffer {
  const { returnCode, reasonCode } = REFUSALS[refusal];
  if (version === 4) return Buffer.from([0x20, 2, 0, returnCode]);
  return connack5(reasonCode);
}

/** A refusal that is not larger than the peer takes (MQTT-3.1.2-24), or nothing. */
export function refusalWithin(refusal: Refusal, version: Version, bytesMax: number): Buffer | undefined {
  const answer = connackRefused(refusal, version);
  return answer.length <= bytesMax ? answer : undefined;
}

/** What a MQTT 5 client said of itself, with what the specification has where it said nothing. */
export function peerLimits(properties: IConnectPacket['properties']): PeerLimits {
  return {
    receiveMaximum: properties?.receiveMaximum ?? 0xffff,
    maximumPacketSize: properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    sessionExpiryS: properties?.sessionExpiryInterval ?? 0,
  };
}

/**
 * The session never outlives the connection: commands wait in the database, not here. `serverKeepAlive` is sent where
 * the client asked for another one.
 */
export function connackAccepted(
  version: Version,
  limits: Pick<MqttOptions, 'maxPacketBytes' | 'inflightMax'>,
  serverKeepAlive: number | null,
): Buffer {
  if (version === 4) return Buffer.from([0x20, 2, 0, 0]);
  return generate(
    {
      cmd: 'connack',
      sessionPresent: false,
      reasonCode: 0,
      properties: {
        maximumPacketSize: publishBytesMax(limits),
        receiveMaximum: limits.inflightMax,
        ...(serverKeepAlive === null ? {} : { serverKeepAlive }),
        sessionExpiryInterval: 0,
        maximumQoS: 1,
        retainAvailable: true,
        wildcardSubscriptionAvailable: false,
        subscriptionIdentifiersAvailable: false,
        sharedSubscriptionAvailable: false,
      },
    },
    { protocolVersion: 5 },
  );
}

export function suback(version: Version, messageId: number, granted: number[]): Buffer {
  return generate({ cmd: 'suback', messageId, granted }, { protocolVersion: version });
}

/** `granted`: 0 for a subscription that ended, 0x11 for one that there was not; only MQTT 5 is told. */
export function unsuback(version: Version, messageId: number, granted: number[]): Buffer {
  return generate({ cmd: 'unsuback', messageId, granted } as Packet, { protocolVersion: version });
}

export function publish(version: Version, what: { topic: string; payload: Buffer; messageId: number }): Buffer {
  const qos = what.messageId === 0 ? 0 : 1;
  return generate({ cmd: 'publish', qos, dup: false, retain: false, ...what }, { protocolVersion: version });
}

/** Only MQTT 5 lets a server say why it closes. */
export function disconnect(reasonCode: number): Buffer {
  return Buffer.from([0xe0, 2, reasonCode, 0]);
}

/** The packet ids, each as one PUBACK (in both versions four bytes mean success). */
export function pubacks(ids: readonly number[]): Buffer {
  const out = Buffer.allocUnsafe(ids.length * 4);
  let at = 0;
  for (const id of ids) {
    out[at] = 0x40;
    out[at + 1] = 2;
    out[at + 2] = id >>> 8;
    out[at + 3] = id & 0xff;
    at += 4;
  }
  return out;
}

/** A PUBLISH read in place; `payload` shares memory with the frame. */
export interface PublishView {
  qos: number;
  dup: boolean;
  topic: string;
  packetId: number;
  payload: Buffer;
}

/**
 * Reads a PUBLISH, or returns what is wrong with it (MQTT-2.2.1-3, -3.3.1-2, -3.3.1-4). The topic is read byte by byte
 * as Latin-1: only an exact ASCII topic is ever allowed, so no invalid UTF-8 can pass for one.
 */
export function readPublish(frame: Buffer, bodyAt: number, version: Version): PublishView | PacketFault {
  const flags = frame[0]!;
  const qos = (flags >> 1) & 3;
  const dup = (flags & 8) !== 0;
  if (qos === 3 || (qos === 0 && dup) || frame.length < bodyAt + 2) return 'malformed';
  const topicAt = bodyAt + 2;
  let at = topicAt + ((frame[bodyAt]! << 8) | frame[bodyAt + 1]!);
  if (at > frame.length) return 'malformed';
  const topic = frame.toString('latin1', topicAt, at);
  let packetId = 0;
  if (qos > 0) {
    if (at + 2 > frame.length) return 'malformed';
    packetId = (frame[at]! << 8) | frame[at + 1]!;
    if (packetId === 0) return 'protocol';
    at += 2;
  }
  if (version === 5) {
    // Nearly every device sends none, which is one byte.
    if (frame[at] === 0) at += 1;
    else {
      const reader = new PacketReader(frame, at);
      reader.properties('publish');
      if (reader.fault !== null) return reader.fault;
      at = reader.at;
    }
  }
  return { qos, dup, topic, packetId, payload: frame.subarray(at) };
}

/** Why a topic that is not the device's own is refused, for MQTT 5 (§3.3.2.1); read as in {@link readPublish}. */
export function topicFault(topic: string): PacketFault | null {
  if (topic === '') return 'protocol';
  const bytes = Buffer.from(topic, 'latin1');
  if (!isUtf8(bytes) || bytes.includes(0)) return 'malformed';
  return /[+#]/.test(topic) ? 'topic' : null;
}

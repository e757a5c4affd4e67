import { type Channel, DEVICE_ID } from '../../../core/types.ts';
import type { IConnectPacket, ISubscribePacket, Refusal, Version } from '../mqtt/codec.ts';

/** Deny by default: these functions name the few things a device may do. Pure. */

const CHANNELS: ReadonlyMap<string, Channel> = new Map([
  ['telemetry', 'telemetry'],
  ['event', 'event'],
  ['state', 'state'],
  ['reply', 'reply'],
]);

export function topicPrefix(deviceId: string): string {
  return `cw/v1/${deviceId}/`;
}

/** The channel of a topic under the device's own prefix, or undefined when it may not publish there. */
export function channelOf(topic: string, prefix: string): Channel | undefined {
  return topic.startsWith(prefix) ? CHANNELS.get(topic.slice(prefix.length)) : undefined;
}

const SECRET_BYTES_MAX = 256;

/** Who a CONNECT says it is. Nothing is looked up by a name that is not a well-formed device id. */
export function readCredentials(packet: IConnectPacket): { id: string; secret: string } | { refusal: Refusal } {
  const { clientId, username, password } = packet;
  if (packet.properties?.authenticationMethod !== undefined) return { refusal: 'method' };
  if (!DEVICE_ID.test(clientId)) return { refusal: 'identifier' };
  if (username !== clientId || password === undefined || password.length > SECRET_BYTES_MAX) {
    return { refusal: 'credentials' };
  }
  return { id: clientId, secret: password.toString('utf8') };
}

export interface Will {
  topic: string;
  payload: Buffer;
}

/** A device may leave a will only where it could publish its state. Call it once it has proven who it is. */
export function readWill(packet: IConnectPacket, bytesMax: number): { will: Will | null } | { refusal: Refusal } {
  const { will } = packet;
  if (will === undefined) return { will: null };
  if (will.topic !== `${topicPrefix(packet.clientId)}state`) return { refusal: 'rights' };
  if ((will.qos ?? 0) > 1) return { refusal: 'willQos' };
  const payload = Buffer.from(will.payload as Buffer);
  if (payload.length > bytesMax) return { refusal: 'rights' };
  return { will: { topic: will.topic, payload } };
}

const FILTERS_MAX = 10;
const REFUSED = 0x80;
/** What MQTT 5 is told instead (§3.9.3). */
const REASONS = { rights: 0x87, filter: 0x8f, shared: 0x9e, wildcard: 0xa2 } as const;
/** Control characters are refused as MQTT-1.5.4-2 allows, and so is what Unicode says is no character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNFIT_TEXT = /[\u0000-\u001f\u007f-\u009f\ufffd-\uffff\ud800-\udfff]/;

/** One code per filter, or null when the packet must end the connection. Only the own command topic is granted. */
export function judgeFilters(packet: ISubscribePacket, prefix: string, version: Version): number[] | null {
  const { subscriptions } = packet;
  if (subscriptions.length > FILTERS_MAX) return null;
  if (subscriptions.some(({ topic }) => UNFIT_TEXT.test(topic))) return null;
  const command = `${prefix}command`;
  return subscriptions.map(({ topic, qos }) => {
    if (topic === command) return Math.min(qos, 1);
    return version === 5 ? REASONS[whyRefused(topic)] : REFUSED;
  });
}

function whyRefused(filter: string): keyof typeof REASONS {
  const levels = filter.split('/');
  const isFilter = levels.every((level, index) => {
    if (level === '#') return index === levels.length - 1;
    return level === '+' || !/[+#]/.test(level);
  });
  if (!isFilter) return 'filter';
  if (levels[0] === '$share') return 'shared';
  return levels.some((level) => level === '#' || level === '+') ? 'wildcard' : 'rights';
}

/**
 * Silence after which a connection counts as dead: one and a half times what the client promised (MQTT-3.1.2-24).
 * `told` is what a MQTT 5 client must be told because it asked for something else.
 */
export function keepalive(askedS: number, version: number, maxS: number): { silenceMs: number; toldS: number | null } {
  const capS = version === 5 ? maxS : KEEPALIVE_LONGEST_S;
  const usedS = askedS === 0 ? maxS : Math.min(askedS, capS);
  const silenceMs = askedS === 0 && version !== 5 ? maxS * 1000 : usedS * 1500;
  return { silenceMs, toldS: version === 5 && usedS !== askedS ? usedS : null };
}

/** A 3.1.1 client cannot be told another value, so its own one counts up to here. */
const KEEPALIVE_LONGEST_S = 3_600;

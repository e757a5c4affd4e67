import { crc32c } from '@node-rs/crc32';
import { CitywatchError, invalid } from '../../core/errors.ts';
import type { Channel, Lane, Message, NewMessage } from '../../core/types.ts';
import type { UplinkNumbers } from './uplink-numbers.ts';

/** The bytes of a journal record. `docs/journal-format.md` describes them one by one; a test holds both together. */

const RECORD_VERSION = 1;
/** As version 1, with the place of the packet in its session between topic and payload. */
const LONG_PLACE_VERSION = 2;

/** Length and crc, which stand before the part that the crc covers. */
const FRAME_BYTES = 8;
/** Everything of fixed place, frame included. */
export const FIXED_BYTES = 32;
/** Largest payload of one message; the largest uplink limit (256 KiB) fits four times. */
export const RAW_BYTES_MAX = 1024 * 1024;
const TOPIC_BYTES_MAX = 0xffff;
const TEXT_BYTES_MAX = 0xff;
/** What version 2 is longer by. */
const LONG_PLACE_BYTES = 6;
export const RECORD_BYTES_MAX = FIXED_BYTES + 4 * TEXT_BYTES_MAX + TOPIC_BYTES_MAX + LONG_PLACE_BYTES + RAW_BYTES_MAX;

/** Largest place of a packet that version 1 holds: the largest packet id of MQTT. */
const SHORT_PLACE_MAX = 0xffff;
/** Largest place of a packet in its session. */
export const PACKET_ID_MAX = 0xffffffffffff;
const RECEIVED_AT_MS_MAX = 0xffffffffffff;
const KIND_VERSION_MAX = 0xffffffff;

const DUP = 1;
/** The topic is `cw/v1/{device}/{channel}`, which is not stored a second time. */
const USUAL_TOPIC = 2;
const KNOWN_FLAGS = DUP | USUAL_TOPIC;

/** Position in these lists is the number on disk: append only. Those of uplinks are in `uplink-numbers.ts`. */
export const LANES: readonly Lane[] = ['live', 'bulk'];
const CHANNELS: readonly Channel[] = ['telemetry', 'event', 'state', 'reply'];

/** Where a record stands; both go into its checksum, so a record copied to another place or file is not valid there. */
export interface RecordAddress {
  lane: Lane;
  offset: number;
  /** Random number of the segment file, known to nobody outside: what a device sends cannot pass for a record. */
  salt: number;
}

/** As {@link RecordAddress}, with what a message is told of it besides. */
export interface RecordAddressInLife extends RecordAddress {
  /** Life of the journal that the file belongs to. */
  incarnation: string;
}

/** One record as it is to be written. The message has passed {@link checkEncodable}. */
export interface RecordToWrite {
  message: NewMessage;
  place: RecordAddress;
  uplinks: UplinkNumbers;
}

/** An upper bound of what {@link encodeRecord} writes, cheap to compute. */
export function roomFor(message: NewMessage): number {
  const { device, topic, connection, raw } = message;
  const characters =
    device.id.length + device.kind.length + device.jurisdiction.length + connection.length + topic.length;
  return FIXED_BYTES + 3 * characters + longPlaceBytes(message) + raw.length;
}

function longPlaceBytes({ packetId }: NewMessage): number {
  return packetId > SHORT_PLACE_MAX ? LONG_PLACE_BYTES : 0;
}

/**
 * Throws `request.too-large` or `request.invalid` for a message that has no place in a record; everything that passes
 * can be encoded. Both errors are final: whoever keeps trying such a message would hold up all behind it for ever.
 */
export function checkEncodable(message: NewMessage, uplinks: UplinkNumbers): void {
  const { device, topic, connection, raw } = message;
  checkLength('raw', raw.length, RAW_BYTES_MAX);
  checkLength('topic', 3 * topic.length, TOPIC_BYTES_MAX, topic);
  checkLength('device', 3 * device.id.length, TEXT_BYTES_MAX, device.id);
  checkLength('kind', 3 * device.kind.length, TEXT_BYTES_MAX, device.kind);
  checkLength('jurisdiction', 3 * device.jurisdiction.length, TEXT_BYTES_MAX, device.jurisdiction);
  checkLength('connection', 3 * connection.length, TEXT_BYTES_MAX, connection);
  checkWhole('packetId', message.packetId, PACKET_ID_MAX);
  checkWhole('receivedAtMs', message.receivedAtMs, RECEIVED_AT_MS_MAX);
  checkWhole('device.kindVersion', device.kindVersion, KIND_VERSION_MAX);
  if (uplinks.numberOf(message.uplink) === undefined) {
    throw invalid('uplink', `${message.uplink} has no number on disk; give its uplink one`);
  }
}

function checkWhole(path: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw invalid(path, `${value} does not fit into a journal record; it must be a whole number from 0 to ${max}`);
}

function checkLength(path: string, atMost: number, max: number, text?: string): void {
  if (atMost <= max) return;
  const bytes = text === undefined ? atMost : Buffer.byteLength(text);
  if (bytes <= max) return;
  throw new CitywatchError('request.too-large', {
    issues: [{ path, message: `${bytes} bytes, at most ${max} fit into a journal record` }],
  });
}

/** Writes one record into `into` from `at` and returns the end. The caller has made the room. */
export function encodeRecord({ message, place, uplinks }: RecordToWrite, into: Buffer, at: number): number {
  const { device, topic, connection, raw } = message;
  const usual = topic === `cw/v1/${device.id}/${message.channel}`;
  const isLong = message.packetId > SHORT_PLACE_MAX;
  into[at + 8] = isLong ? LONG_PLACE_VERSION : RECORD_VERSION;
  into[at + 9] = LANES.indexOf(place.lane);
  into[at + 10] = uplinks.numberOf(message.uplink)!;
  into[at + 11] = CHANNELS.indexOf(message.channel);
  into[at + 12] = (message.dup ? DUP : 0) | (usual ? USUAL_TOPIC : 0);
  into[at + 31] = 0;
  into.writeUInt16LE(isLong ? 0 : message.packetId, at + 14);
  into.writeUIntLE(message.receivedAtMs, at + 16, 6);
  into.writeUInt32LE(device.kindVersion, at + 22);
  const deviceEnd = putText(device.id, into, at + FIXED_BYTES);
  const kindEnd = putText(device.kind, into, deviceEnd);
  const jurisdictionEnd = putText(device.jurisdiction, into, kindEnd);
  const connectionEnd = putText(connection, into, jurisdictionEnd);
  const topicEnd = usual ? connectionEnd : putText(topic, into, connectionEnd);
  into[at + 13] = deviceEnd - at - FIXED_BYTES;
  into[at + 26] = kindEnd - deviceEnd;
  into[at + 27] = jurisdictionEnd - kindEnd;
  into[at + 28] = connectionEnd - jurisdictionEnd;
  into.writeUInt16LE(topicEnd - connectionEnd, at + 29);
  const rawAt = isLong ? into.writeUIntLE(message.packetId, topicEnd, LONG_PLACE_BYTES) : topicEnd;
  raw.copy(into, rawAt);
  const end = rawAt + raw.length;
  into.writeUInt32LE(end - at, at);
  into.writeUInt32LE(checksum(into.subarray(at + FRAME_BYTES, end), place), at + 4);
  return end;
}

/** Short texts are nearly always ASCII: a loop beats the call into native code. */
function putText(text: string, into: Buffer, at: number): number {
  const { length } = text;
  if (length > 40) return at + into.write(text, at, 'utf8');
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return at + into.write(text, at, 'utf8');
    into[at + i] = code;
  }
  return at + length;
}

function checksum(body: Buffer, place: RecordAddress): number {
  const high = Math.floor(place.offset / 0x100000000);
  return crc32c(body, (place.salt ^ place.offset ^ high) >>> 0);
}

/** Length of the record at `at` if its fixed part is possible, else 0; says nothing of its checksum. */
export function plausibleLength(from: Buffer, at: number): number {
  if (at + FIXED_BYTES > from.length) return 0;
  const length = from.readUInt32LE(at);
  if (length < FIXED_BYTES || length > RECORD_BYTES_MAX) return 0;
  const fits =
    from[at + 8]! >= RECORD_VERSION &&
    from[at + 8]! <= LONG_PLACE_VERSION &&
    from[at + 9]! < LANES.length &&
    from[at + 11]! < CHANNELS.length &&
    from[at + 12]! <= KNOWN_FLAGS &&
    from[at + 31] === 0;
  return fits && FIXED_BYTES + textBytes(from, at) + placeBytes(from, at) <= length ? length : 0;
}

function textBytes(from: Buffer, at: number): number {
  return from[at + 13]! + from[at + 26]! + from[at + 27]! + from[at + 28]! + from.readUInt16LE(at + 29);
}

/** Bytes between topic and payload. */
function placeBytes(from: Buffer, at: number): number {
  return from[at + 8] === LONG_PLACE_VERSION ? LONG_PLACE_BYTES : 0;
}

/** Whether a whole and undamaged record stands at `at`. */
export function isRecord(from: Buffer, at: number, place: RecordAddress): boolean {
  const length = plausibleLength(from, at);
  if (length === 0 || at + length > from.length || LANES[from[at + 9]!] !== place.lane) return false;
  return checksum(from.subarray(at + FRAME_BYTES, at + length), place) === from.readUInt32LE(at + 4);
}

/** Reads a record that {@link isRecord} has found good. `raw` is a view into `from`, not a copy. */
export function decodeRecord(from: Buffer, at: number, place: RecordAddressInLife, uplinks: UplinkNumbers): Message {
  const length = from.readUInt32LE(at);
  const flags = from[at + 12]!;
  const kindAt = at + FIXED_BYTES + from[at + 13]!;
  const jurisdictionAt = kindAt + from[at + 26]!;
  const connectionAt = jurisdictionAt + from[at + 27]!;
  const topicAt = connectionAt + from[at + 28]!;
  const topicEnd = topicAt + from.readUInt16LE(at + 29);
  const rawAt = topicEnd + placeBytes(from, at);
  const id = from.toString('utf8', at + FIXED_BYTES, kindAt);
  const channel = CHANNELS[from[at + 11]!]!;
  return {
    receivedAtMs: receivedAtMsOf(from, at),
    uplink: uplinks.nameOf(from[at + 10]!),
    channel,
    topic: flags & USUAL_TOPIC ? `cw/v1/${id}/${channel}` : from.toString('utf8', topicAt, topicEnd),
    device: {
      id,
      kind: from.toString('utf8', kindAt, jurisdictionAt),
      kindVersion: from.readUInt32LE(at + 22),
      jurisdiction: from.toString('utf8', jurisdictionAt, connectionAt),
    },
    connection: from.toString('utf8', connectionAt, topicAt),
    packetId: rawAt === topicEnd ? from.readUInt16LE(at + 14) : from.readUIntLE(topicEnd, LONG_PLACE_BYTES),
    dup: (flags & DUP) !== 0,
    raw: from.subarray(rawAt, at + length),
    lane: place.lane,
    incarnation: place.incarnation,
    offset: place.offset,
    endOffset: place.offset + length,
  };
}

export function receivedAtMsOf(from: Buffer, at: number): number {
  return from.readUIntLE(at + 16, 6);
}

/** Whether the record at `at` was sent by the device whose id is `id`, without making a text of it. */
export function isFromDevice(from: Buffer, at: number, id: Buffer): boolean {
  return from[at + 13] === id.length && id.compare(from, at + FIXED_BYTES, at + FIXED_BYTES + id.length) === 0;
}

/** Where kind and jurisdiction of the record at `at` stand, next to each other, and where the second one begins. */
export function areaSpan(from: Buffer, at: number): { start: number; middle: number; end: number } {
  const start = at + FIXED_BYTES + from[at + 13]!;
  const middle = start + from[at + 26]!;
  return { start, middle, end: middle + from[at + 27]! };
}

import { SECRET } from '../mqtt.ts';

/** MQTT 5 packets byte by byte, so that wrong ones can be made. Integers are big-endian, as on the wire. */

export type Bytes = readonly number[] | Buffer;

export const two = (value: number): number[] => [value >> 8, value & 0xff];
export const four = (value: number): number[] => [...two(value >>> 16), ...two(value & 0xffff)];
export const text = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.from([...two(bytes.length), ...bytes]);
};

/** Shortest form of a variable byte integer. */
export function variable(value: number): number[] {
  return value < 128 ? [value] : [(value & 0x7f) | 0x80, ...variable(value >> 7)];
}

export function joined(...parts: Bytes[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

/** A packet: first byte, length, and what follows. */
export function packet(first: number, ...parts: Bytes[]): Buffer {
  const body = joined(...parts);
  return joined([first], variable(body.length), body);
}

/** A block of properties with its length. */
export function properties(...parts: Bytes[]): Buffer {
  const block = joined(...parts);
  return joined(variable(block.length), block);
}

export const NONE = properties();

/** One property: its identifier and its value. */
export const property = (id: number, value: Bytes): Buffer => joined([id], value);

export interface ConnectParts {
  level?: number;
  /** Default: clean start, user name and password. */
  flags?: number;
  properties?: Bytes;
  clientId?: Bytes;
  /** Will properties, topic and payload, where the flags say that there is one. */
  will?: Bytes;
  username?: Bytes;
  password?: Bytes;
  /** Behind everything else. */
  trailing?: Bytes;
  keepaliveS?: number;
}

export const CLEAN_LOGIN = 0xc2;

export function connect5(id: string, over: ConnectParts = {}): Buffer {
  return packet(
    0x10,
    text('MQTT'),
    [over.level ?? 5, over.flags ?? CLEAN_LOGIN],
    two(over.keepaliveS ?? 60),
    over.properties ?? NONE,
    over.clientId ?? text(id),
    over.will ?? [],
    over.username ?? text(id),
    over.password ?? text(SECRET),
    over.trailing ?? [],
  );
}

export interface PublishParts {
  /** Flags below the type; default QoS 1. */
  flags?: number;
  packetId?: number;
  properties?: Bytes;
  payload?: string | Buffer;
}

export function publish5(topic: string | Buffer, over: PublishParts = {}): Buffer {
  const flags = over.flags ?? 2;
  const id = (flags & 6) === 0 ? [] : two(over.packetId ?? 1);
  return packet(0x30 | flags, text(topic), id, over.properties ?? NONE, Buffer.from(over.payload ?? '{}'));
}

export const subscribe5 = (filters: [string | Buffer, options: number][], block: Bytes = NONE, id = 1): Buffer =>
  packet(0x82, two(id), block, ...filters.flatMap(([filter, options]) => [text(filter), [options]]));

export const unsubscribe5 = (filters: (string | Buffer)[], block: Bytes = NONE, id = 1): Buffer =>
  packet(0xa2, two(id), block, ...filters.map(text));

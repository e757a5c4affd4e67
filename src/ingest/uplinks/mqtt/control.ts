import { type PacketFault, PacketReader, type Version } from './properties.ts';

/**
 * The shape of each control packet, byte for byte: what the codec takes for something is not always one. It skips
 * trailing bytes, takes properties twice and in any packet, and makes text out of bytes that are none.
 */

/** Bits of the first byte below the type. */
const FLAGS = 0x0f;
const SUBSCRIBE_FLAGS = 0x02;

const CONNECT = {
  reserved: 0x01,
  will: 0x04,
  willQos: 0x18,
  willQosShift: 3,
  willRetain: 0x20,
  password: 0x40,
  username: 0x80,
} as const;

/** A CONNECT whose protocol name and level were read; `at` is the place of its flags. */
export function connectFault(frame: Buffer, at: number, version: Version): PacketFault | null {
  const reader = new PacketReader(frame, at);
  const flags = reader.byte();
  const has = (bits: number) => (flags & bits) !== 0;
  if (has(CONNECT.reserved)) return 'malformed';
  if (!has(CONNECT.will) && has(CONNECT.willQos | CONNECT.willRetain)) return 'malformed';
  if ((flags & CONNECT.willQos) >> CONNECT.willQosShift === 3) return 'malformed';
  // MQTT 5 allows a password alone; 3.1.1 does not (its MQTT-3.1.2-22).
  if (version === 4 && has(CONNECT.password) && !has(CONNECT.username)) return 'malformed';
  reader.two();
  if (version === 5) reader.properties('connect');
  reader.text();
  if (has(CONNECT.will)) {
    if (version === 5) reader.properties('will');
    reader.text();
    reader.binary();
  }
  if (has(CONNECT.username)) reader.text();
  if (has(CONNECT.password)) reader.binary();
  return ended(reader);
}

/** A SUBSCRIBE; how many filters there may be is the session's matter. */
export function subscribeFault(frame: Buffer, bodyAt: number, version: Version): PacketFault | null {
  if ((frame[0]! & FLAGS) !== SUBSCRIBE_FLAGS) return 'malformed';
  const reader = new PacketReader(frame, bodyAt);
  if (reader.two() === 0) reader.fail('protocol');
  if (version === 5) reader.properties('subscribe');
  if (reader.fault === null && reader.left === 0) return 'protocol';
  while (reader.fault === null && reader.left > 0) subscription(reader, version);
  return reader.fault;
}

const OPTIONS = { qos: 0x03, noLocal: 0x04, retainHandling: 0x30, reserved4: 0xfc, reserved5: 0xc0 } as const;

function subscription(reader: PacketReader, version: Version): void {
  const filter = reader.text();
  const options = reader.byte();
  if (reader.fault !== null) return;
  if (filter === '') reader.fail('protocol');
  if ((options & (version === 5 ? OPTIONS.reserved5 : OPTIONS.reserved4)) !== 0) reader.fail('malformed');
  if ((options & OPTIONS.qos) === 3) reader.fail(version === 5 ? 'protocol' : 'malformed');
  if (version !== 5) return;
  if ((options & OPTIONS.retainHandling) === OPTIONS.retainHandling) reader.fail('protocol');
  if ((options & OPTIONS.noLocal) !== 0 && filter.startsWith('$share/')) reader.fail('protocol');
}

export function unsubscribeFault(frame: Buffer, bodyAt: number, version: Version): PacketFault | null {
  if ((frame[0]! & FLAGS) !== SUBSCRIBE_FLAGS) return 'malformed';
  const reader = new PacketReader(frame, bodyAt);
  if (reader.two() === 0) reader.fail('protocol');
  if (version === 5) reader.properties('unsubscribe');
  if (reader.fault === null && reader.left === 0) return 'protocol';
  while (reader.fault === null && reader.left > 0) if (reader.text() === '') reader.fail('protocol');
  return reader.fault;
}

/** What a client may give as the reason of its PUBACK and of its DISCONNECT (MQTT 5 §3.4.2.1, §3.14.2.1). */
const PUBACK_CODES = new Set([0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]);
const DISCONNECT_CODES = new Set([0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99]);

export function pubackFault(frame: Buffer, bodyAt: number, version: Version): PacketFault | null {
  if ((frame[0]! & FLAGS) !== 0) return 'malformed';
  const reader = new PacketReader(frame, bodyAt);
  if (reader.two() === 0) reader.fail('protocol');
  return reasonAndProperties(reader, version, { codes: PUBACK_CODES, place: 'puback' });
}

export function disconnectFault(frame: Buffer, bodyAt: number, version: Version): PacketFault | null {
  if ((frame[0]! & FLAGS) !== 0) return 'malformed';
  const reader = new PacketReader(frame, bodyAt);
  return reasonAndProperties(reader, version, { codes: DISCONNECT_CODES, place: 'disconnect' });
}

/** Both may be left out, the properties or both (MQTT 5); 3.1.1 has neither. */
function reasonAndProperties(
  reader: PacketReader,
  version: Version,
  { codes, place }: { codes: ReadonlySet<number>; place: 'puback' | 'disconnect' },
): PacketFault | null {
  if (version === 5 && reader.left > 0 && !codes.has(reader.byte())) reader.fail('malformed');
  if (version === 5 && reader.fault === null && reader.left > 0) reader.properties(place);
  return ended(reader);
}

function ended(reader: PacketReader): PacketFault | null {
  return reader.fault ?? (reader.left > 0 ? 'malformed' : null);
}

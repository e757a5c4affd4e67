/** What a server of MQTT sends to a device, as far as a device listens. */
export type Heard =
  | { what: 'connack' | 'suback' | 'other'; ok: boolean }
  | { what: 'puback'; id: number; ok: boolean }
  | { what: 'publish'; id: number | null; payload: Buffer }
  | { what: 'disconnect' };

const TYPES = { connack: 2, publish: 3, puback: 4, suback: 9, disconnect: 14 } as const;
/** From here on reason codes say no. */
const REFUSED = 0x80;
const PACKET_MAX_BYTES = 1024 * 1024;

/**
 * Cuts what comes in into packets. A reader of thousands of connections must cost next to nothing while nobody speaks:
 * it keeps only the bytes of a packet that is not whole yet, and reads three kinds of packets instead of all.
 */
export class MqttFraming {
  readonly #version: 4 | 5;
  #rest: Buffer | null = null;

  constructor(version: 4 | 5) {
    this.#version = version;
  }

  /** Reads `chunk` to its end. The chunk may be used again afterwards. Throws when it is no MQTT. */
  take(chunk: Buffer, hear: (heard: Heard) => void): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#rest = null;
    let at = 0;
    for (;;) {
      const end = endOf(bytes, at);
      if (end === null) break;
      hear(this.#read(bytes, at, end));
      at = end;
    }
    if (at < bytes.length) this.#rest = Buffer.from(bytes.subarray(at));
  }

  /** A connection begins anew: nothing of the last one is left. */
  reset(): void {
    this.#rest = null;
  }

  #read(bytes: Buffer, from: number, end: number): Heard {
    const type = bytes[from]! >> 4;
    const body = from + 1 + lengthBytes(bytes, from + 1);
    switch (type) {
      case TYPES.connack:
        return { what: 'connack', ok: bytes[body + 1] === 0 };
      case TYPES.puback: {
        const code = this.#version === 5 && end - body > 2 ? bytes[body + 2]! : 0;
        return { what: 'puback', id: bytes.readUInt16BE(body), ok: code < REFUSED };
      }
      case TYPES.suback:
        return { what: 'suback', ok: bytes[end - 1]! < REFUSED };
      case TYPES.publish:
        return this.#readPublish(bytes, from, body, end);
      case TYPES.disconnect:
        return { what: 'disconnect' };
      default:
        return { what: 'other', ok: true };
    }
  }

  #readPublish(bytes: Buffer, from: number, body: number, end: number): Heard {
    const qos = (bytes[from]! >> 1) & 3;
    let at = body + 2 + bytes.readUInt16BE(body);
    const id = qos > 0 ? bytes.readUInt16BE(at) : null;
    if (qos > 0) at += 2;
    if (this.#version === 5) at += lengthBytes(bytes, at) + numberAt(bytes, at);
    return { what: 'publish', id, payload: Buffer.from(bytes.subarray(at, end)) };
  }
}

/** Where the packet that begins at `from` ends; null when it is not all there. */
function endOf(bytes: Buffer, from: number): number | null {
  let length = 0;
  for (let digit = 0; digit < 4; digit += 1) {
    const byte = bytes[from + 1 + digit];
    if (byte === undefined) return null;
    length += (byte & 127) * 128 ** digit;
    if (length > PACKET_MAX_BYTES) break;
    if (byte < 128) {
      const end = from + 2 + digit + length;
      return end <= bytes.length ? end : null;
    }
  }
  throw new Error('what the gateway sends is no MQTT');
}

/** How many bytes the number takes that stands at `from`. */
function lengthBytes(bytes: Buffer, from: number): number {
  let count = 1;
  while (count < 4 && bytes[from + count - 1]! >= 128) count += 1;
  return count;
}

function numberAt(bytes: Buffer, from: number): number {
  let value = 0;
  for (let digit = 0; digit < lengthBytes(bytes, from); digit += 1)
    value += (bytes[from + digit]! & 127) * 128 ** digit;
  return value;
}

/** A message with an id of the run, as it came in on one connection. */
export interface Asked {
  /** Packet id of MQTT; null for HTTP, where answers come in order. */
  packet: number | null;
  ids: readonly string[];
}

const PUBLISH = 3;
const PUBACK = 4;
const CONNECT = 0x10;
const FAILED_FROM = 0x80;
const PARTS_MAX = 4 * 2 ** 20;
const ANSWER = /HTTP\/1\.1 (\d{3})/g;

/** One connection to a gateway, seen from its side: which messages came in, and which of them it answered. */
export class Conversation {
  readonly #idsIn: (text: string) => string[];
  readonly #asked: Asked[] = [];
  #kind: 'mqtt' | 'http' | 'other' | null = null;
  #in: Buffer = Buffer.alloc(0);
  #out: Buffer = Buffer.alloc(0);

  constructor(idsIn: (text: string) => string[]) {
    this.#idsIn = idsIn;
  }

  /** Messages that this completes. */
  read(data: Buffer): Asked[] {
    this.#kind ??= data[0] === CONNECT ? 'mqtt' : /^(POST|PUT|GET|PATCH|DELETE) /.test(latin1(data)) ? 'http' : 'other';
    if (this.#kind === 'other') return [];
    if (this.#kind === 'http') return this.#ask({ packet: null, ids: this.#idsIn(latin1(data)) });
    const { packets, rest } = packetsIn(Buffer.concat([this.#in, data]));
    this.#in = rest;
    return packets.flatMap(({ type, flags, body }) => {
      const qos = (flags >> 1) & 3;
      if (type !== PUBLISH || qos === 0 || body.length < 4) return [];
      const at = 2 + body.readUInt16BE(0);
      if (body.length < at + 2) return [];
      return this.#ask({ packet: body.readUInt16BE(at), ids: this.#idsIn(latin1(body.subarray(at + 2))) });
    });
  }

  /** Messages that this answers with yes. */
  write(data: Buffer): Asked[] {
    if (this.#kind === 'http') return this.#answered(latin1(data));
    if (this.#kind !== 'mqtt') return [];
    const { packets, rest } = packetsIn(Buffer.concat([this.#out, data]));
    this.#out = rest;
    return packets.flatMap(({ type, body }) => {
      if (type !== PUBACK || body.length < 2) return [];
      const packet = body.readUInt16BE(0);
      const at = this.#asked.findIndex((one) => one.packet === packet);
      const found = at === -1 ? [] : this.#asked.splice(at, 1);
      return (body[2] ?? 0) >= FAILED_FROM ? [] : found;
    });
  }

  /** From here on it is not known where packets begin: nothing more is judged on it. */
  lose(): void {
    this.#kind = 'other';
    this.#asked.length = 0;
  }

  #ask(asked: Asked): Asked[] {
    if (asked.ids.length === 0) return [];
    this.#asked.push(asked);
    return [asked];
  }

  #answered(text: string): Asked[] {
    return [...text.matchAll(ANSWER)].flatMap(([, status = '']) => {
      const all = this.#asked.splice(0);
      return status.startsWith('2') ? all : [];
    });
  }
}

function latin1(data: Buffer): string {
  return data.toString('latin1');
}

interface Packet {
  type: number;
  flags: number;
  body: Buffer;
}

function packetsIn(bytes: Buffer): { packets: Packet[]; rest: Buffer } {
  const packets: Packet[] = [];
  let at = 0;
  for (;;) {
    const head = headAt(bytes, at);
    if (!head || head.endsAt > bytes.length) break;
    const first = bytes[at]!;
    packets.push({ type: first >> 4, flags: first & 15, body: bytes.subarray(head.bodyAt, head.endsAt) });
    at = head.endsAt;
  }
  const rest = bytes.subarray(at);
  return { packets, rest: rest.length > PARTS_MAX ? Buffer.alloc(0) : Buffer.from(rest) };
}

/** Where the body of a packet begins and ends; null while its length has not come whole. */
function headAt(bytes: Buffer, at: number): { bodyAt: number; endsAt: number } | null {
  let length = 0;
  for (let place = 0; place < 4; place += 1) {
    const byte = bytes[at + 1 + place];
    if (byte === undefined) return null;
    length += (byte & 127) * 128 ** place;
    if (byte < 128) return { bodyAt: at + 2 + place, endsAt: at + 2 + place + length };
  }
  return null;
}

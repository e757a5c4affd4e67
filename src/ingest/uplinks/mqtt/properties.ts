import { isUtf8 } from 'node:buffer';

/** MQTT 3.1.1 says 4 on the wire. */
export type Version = 4 | 5;

/** What is wrong with a packet; each has a reason code of its own in MQTT 5. */
export type PacketFault = 'malformed' | 'protocol' | 'alias' | 'identifiers' | 'topic';

/** Data types of properties (MQTT 5 §2.2.2.2). */
type Type = 'byte' | 'two' | 'four' | 'variable' | 'text' | 'binary' | 'pair';

/** Identifiers by number, with the type of their value. Those that only a server sends are known, and refused. */
const TYPES: Readonly<Record<number, Type>> = {
  1: 'byte',
  2: 'four',
  3: 'text',
  8: 'text',
  9: 'binary',
  11: 'variable',
  17: 'four',
  21: 'text',
  22: 'binary',
  23: 'byte',
  24: 'four',
  25: 'byte',
  31: 'text',
  33: 'two',
  34: 'two',
  35: 'two',
  38: 'pair',
  39: 'four',
};

const ID = {
  payloadFormat: 1,
  responseTopic: 8,
  subscriptionIdentifier: 11,
  authenticationMethod: 21,
  authenticationData: 22,
  requestProblem: 23,
  requestResponse: 25,
  receiveMaximum: 33,
  topicAlias: 35,
  user: 38,
  maximumPacketSize: 39,
} as const;

/** Which properties a client may put where. */
const ALLOWED = {
  connect: new Set([17, 21, 22, 23, 25, 33, 34, 38, 39]),
  will: new Set([1, 2, 3, 8, 9, 24, 38]),
  publish: new Set([1, 2, 3, 8, 9, 11, 35, 38]),
  puback: new Set([31, 38]),
  subscribe: new Set([11, 38]),
  unsubscribe: new Set([38]),
  disconnect: new Set([17, 31, 38]),
} as const satisfies Record<string, ReadonlySet<number>>;

export type PropertyHolder = keyof typeof ALLOWED;

/** Values that are wrong by themselves; what is not here may be anything of its type. */
const VALUE_FAULTS: Readonly<Record<number, (value: number) => PacketFault | null>> = {
  [ID.payloadFormat]: atMostOne,
  [ID.requestProblem]: atMostOne,
  [ID.requestResponse]: atMostOne,
  [ID.receiveMaximum]: notZero,
  [ID.maximumPacketSize]: notZero,
  // We say in CONNACK, by leaving it out, that we keep no aliases: each one is too high, and 0 is none.
  [ID.topicAlias]: () => 'alias',
};

function atMostOne(value: number): PacketFault | null {
  return value > 1 ? 'protocol' : null;
}

function notZero(value: number): PacketFault | null {
  return value === 0 ? 'protocol' : null;
}

const WILDCARD = /[+#]/;

/**
 * Reads a packet from front to back and remembers the first fault; after one, everything reads as empty. Strings must
 * be well-formed UTF-8 without U+0000 (MQTT-1.5.4-1, -2), variable integers as short as can be (MQTT-1.5.5-1).
 */
export class PacketReader {
  fault: PacketFault | null = null;
  at: number;
  readonly #bytes: Buffer;
  /** Nothing is read beyond it: the end of the packet, or of the properties. */
  #end: number;
  /** Identifiers of the block being read, as bits of two words: a PUBLISH is not worth a Set. */
  #seen = 0;
  #seenAbove = 0;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.at = at;
  }

  get left(): number {
    return this.#end - this.at;
  }

  fail(fault: PacketFault): void {
    this.fault ??= fault;
    this.at = this.#bytes.length;
  }

  byte(): number {
    return this.#integer(1);
  }

  two(): number {
    return this.#integer(2);
  }

  binary(): Buffer {
    const length = this.two();
    if (this.fault !== null || length > this.left) {
      this.fail('malformed');
      return EMPTY;
    }
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  text(): string {
    return this.skipText().toString('utf8');
  }

  /** The bytes of a text that nobody asks for, checked all the same; no string is made of them. */
  skipText(): Buffer {
    const bytes = this.binary();
    if (bytes.length === 0 || (isUtf8(bytes) && !bytes.includes(0))) return bytes;
    this.fail('malformed');
    return EMPTY;
  }

  /** Checks the properties that stand here; of a MQTT 5 packet only. */
  properties(place: PropertyHolder): void {
    const length = this.#variable();
    if (this.fault !== null || length > this.left) {
      this.fail('malformed');
      return;
    }
    const end = this.#end;
    this.#end = this.at + length;
    this.#seen = 0;
    this.#seenAbove = 0;
    while (this.fault === null && this.left > 0) this.#property(place);
    this.#end = end;
    if (this.#has(ID.authenticationData) && !this.#has(ID.authenticationMethod)) this.fail('protocol');
  }

  #has(id: number): boolean {
    return id < WORD ? (this.#seen & (1 << id)) !== 0 : (this.#seenAbove & (1 << (id - WORD))) !== 0;
  }

  #add(id: number): void {
    if (id < WORD) this.#seen |= 1 << id;
    else this.#seenAbove |= 1 << (id - WORD);
  }

  #property(place: PropertyHolder): void {
    const id = this.#variable();
    const type = TYPES[id];
    if (type === undefined || !ALLOWED[place].has(id)) {
      this.fail('malformed');
      return;
    }
    const isTwice = this.#has(id) && id !== ID.user;
    this.#add(id);
    if (isTwice) {
      this.fail('protocol');
    } else if (type === 'pair') {
      this.skipText();
      this.skipText();
    } else if (type === 'binary') {
      this.binary();
    } else if (type === 'text') {
      if (id !== ID.responseTopic) this.skipText();
      else if (WILDCARD.test(this.text())) this.fail('protocol');
    } else {
      this.#number(place, id, type);
    }
  }

  #number(place: PropertyHolder, id: number, type: 'byte' | 'two' | 'four' | 'variable'): void {
    const value = type === 'variable' ? this.#variable() : this.#integer(BYTES[type]);
    if (this.fault !== null) return;
    // A server says which subscriptions fit, a client never (MQTT-3.3.4-6); and CONNACK says that we know none.
    const fault =
      id === ID.subscriptionIdentifier
        ? place === 'publish' || value === 0
          ? 'protocol'
          : 'identifiers'
        : (VALUE_FAULTS[id]?.(value) ?? null);
    if (fault !== null) this.fail(fault);
  }

  #integer(bytes: number): number {
    if (this.left < bytes) {
      this.fail('malformed');
      return 0;
    }
    const value = this.#bytes.readUIntBE(this.at, bytes);
    this.at += bytes;
    return value;
  }

  #variable(): number {
    let value = 0;
    for (let i = 0; i < VARIABLE_BYTES_MAX; i += 1) {
      const byte = this.byte();
      if (this.fault !== null) return 0;
      value += (byte & 0x7f) * 128 ** i;
      if ((byte & 0x80) !== 0) continue;
      if (byte === 0 && i > 0) this.fail('malformed');
      return value;
    }
    this.fail('malformed');
    return 0;
  }
}

const BYTES = { byte: 1, two: 2, four: 4 } as const;
const VARIABLE_BYTES_MAX = 4;
const WORD = 32;
const EMPTY = Buffer.alloc(0);

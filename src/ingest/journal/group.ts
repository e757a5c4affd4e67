import { randomBytes } from 'node:crypto';
import type { Lane, Message, NewMessage } from '../../core/types.ts';
import { encodeRecord, roomFor } from './codec.ts';
import type { UplinkNumbers } from './uplink-numbers.ts';

/** A segment file as it is planned; the file itself is made when its first group is written. */
export interface SegmentPlan {
  base: number;
  salt: number;
}

/** Records that are made durable by one write. */
export interface Group {
  plan: SegmentPlan;
  from: number;
  to: number;
  /** The encoded bytes, in order. */
  parts: Buffer[];
  messages: Message[];
  /** Who waits for each of `messages`, in the same order. */
  settle: { resolve: (message: Message) => void; reject: (error: unknown) => void }[];
}

export interface EncoderDeps {
  lane: Lane;
  incarnation: string;
  uplinks: UplinkNumbers;
}

const SLAB_BYTES = 1024 * 1024;

/**
 * Encodes messages back to back into large buffers. The messages it returns point into these, not into what the uplink
 * read from its socket, so a cached message holds exactly its own bytes in memory.
 */
export class Encoder {
  readonly #lane: Lane;
  readonly #incarnation: string;
  readonly #uplinks: UplinkNumbers;
  #slab = Buffer.alloc(0);
  #used = 0;

  constructor({ lane, incarnation, uplinks }: EncoderDeps) {
    this.#lane = lane;
    this.#incarnation = incarnation;
    this.#uplinks = uplinks;
  }

  /** Adds `message` to `group` at its end. The message must have passed `checkEncodable`. */
  add(message: NewMessage, group: Group): Message {
    const room = roomFor(message);
    if (this.#slab.length - this.#used < room) {
      this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, room));
      this.#used = 0;
    }
    const offset = group.to;
    const start = this.#used;
    const place = { lane: this.#lane, offset, salt: group.plan.salt };
    const end = encodeRecord({ message, place, uplinks: this.#uplinks }, this.#slab, start);
    this.#used = end;
    this.#extend(group, start, end);
    group.to = offset + end - start;
    const kept: Message = {
      receivedAtMs: message.receivedAtMs,
      uplink: message.uplink,
      channel: message.channel,
      topic: message.topic,
      device: message.device,
      connection: message.connection,
      packetId: message.packetId,
      dup: message.dup,
      raw: this.#slab.subarray(end - message.raw.length, end),
      lane: this.#lane,
      incarnation: this.#incarnation,
      offset,
      endOffset: group.to,
    };
    group.messages.push(kept);
    return kept;
  }

  #extend(group: Group, start: number, end: number): void {
    const last = group.parts.length - 1;
    const part = group.parts[last];
    const adjoins = part && part.buffer === this.#slab.buffer && part.byteOffset + part.length === start;
    if (adjoins) group.parts[last] = this.#slab.subarray(start - part.length, end);
    else group.parts.push(this.#slab.subarray(start, end));
  }
}

export function newSalt(): number {
  return randomBytes(4).readUInt32LE();
}

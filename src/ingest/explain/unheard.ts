import type { DecodedMessage, Message } from '../../core/types.ts';
import { Decoder } from '../decode/decoder.ts';
import type { KindSource } from '../readers/journal-feed.ts';

/** Decodes messages that were never received here, as those of a file, by the kinds that are in force. */
export class Unheard {
  readonly #kinds: KindSource;

  constructor(kinds: KindSource) {
    this.#kinds = kinds;
  }

  /** Begins with nothing known; every message must be handed in once, in order. What it remembers grows with them. */
  begin(): UnheardDecoder {
    return new UnheardDecoder(this.#kinds);
  }
}

class UnheardDecoder {
  readonly #kinds: KindSource;
  readonly #decoder = new Decoder();
  readonly #seen = new Set<string>();

  constructor(kinds: KindSource) {
    this.#kinds = kinds;
  }

  /** A record whose identity was seen before is a duplicate, however long ago that was. */
  decode(message: Message): DecodedMessage {
    const { id, kind, kindVersion } = message.device;
    const { records, identities, refusals } = this.#decoder.decode(message, this.#kinds.at(kind, kindVersion));
    if (message.channel === 'state') return { message, records, refusals };
    for (const [at, record] of records.entries()) {
      const identity = identities[at];
      if (!identity) continue;
      const key = `${message.channel[0]}${id}\0${identity}`;
      record.duplicate = this.#seen.has(key);
      this.#seen.add(key);
    }
    return { message, records, refusals };
  }
}

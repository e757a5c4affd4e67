import type { DeviceKind, Message } from '../../core/types.ts';
import { type CompiledKind, compile } from './compiled-kind.ts';
import { type Decoded, decodeMessage } from './decode.ts';
import { refusal } from './refusals.ts';
import { Scratch } from './scratch.ts';

/**
 * Decodes messages by their kinds, and holds what every message needs and none owns. It serves one at a time, as
 * decoding waits for nothing.
 */
export class Decoder {
  readonly #scratch = new Scratch();
  /** Kept as long as the kind itself is. */
  readonly #compiled = new WeakMap<DeviceKind, CompiledKind>();

  /** What a message says by its kind; undefined for a kind that is not known. Never throws. */
  decode(message: Message, kind: DeviceKind | undefined): Decoded {
    return decodeMessage(message, kind ? this.#compile(kind) : null, this.#scratch);
  }

  #compile(kind: DeviceKind): CompiledKind {
    const known = this.#compiled.get(kind);
    if (known) return known;
    const compiled = compile(kind);
    this.#compiled.set(kind, compiled);
    return compiled;
  }
}

/** What stands for a message that is not decoded because the process died of its bytes. */
export function putAside(): Decoded {
  return { records: [], identities: [], refusals: [refusal(null, 'poison', '', '')] };
}

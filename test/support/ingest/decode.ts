import type { DeviceKind, Message } from '../../../src/core/types.ts';
import type { Decoded } from '../../../src/ingest/decode/decode.ts';
import { Decoder } from '../../../src/ingest/decode/decoder.ts';

const decoder = new Decoder();

/** Decodes as the feed of the journal does. */
export function decodeMessage(message: Message, kind: DeviceKind | undefined): Decoded {
  return decoder.decode(message, kind);
}

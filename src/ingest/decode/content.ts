import type { CodecName } from '../../core/codec-names.ts';
import { isInternal } from '../../core/internal-records.ts';
import type { DeviceKind, Message } from '../../core/types.ts';
import { type Codec, PAYLOAD_LIMITS } from './codecs/codec.ts';
import { CODECS } from './codecs/codecs.ts';
import { json } from './codecs/json.ts';

/** Reads the payload of a message. What the gateway itself writes is JSON, whatever the device it speaks of writes. */
export function codecOf(message: Pick<Message, 'uplink'>, kind: { codec?: CodecName } | null | undefined): Codec {
  return isInternal(message) ? json : CODECS[kind?.codec ?? 'json'];
}

/** What a message holds as its device sent it; null where that cannot be taken apart. */
export function contentOf(message: Message, kind: DeviceKind | undefined): unknown {
  const parsed = codecOf(message, kind).parse(message.raw, PAYLOAD_LIMITS);
  return 'reason' in parsed ? null : parsed.value;
}

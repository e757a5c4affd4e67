/** In what devices of a kind may write their payloads; `src/ingest/decode/codecs` reads each. */
export const CODEC_NAMES = ['json', 'cbor'] as const;

export type CodecName = (typeof CODEC_NAMES)[number];

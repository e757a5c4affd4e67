import type { CodecName } from '../../../core/codec-names.ts';
import { cbor } from './cbor.ts';
import type { Codec } from './codec.ts';
import { json } from './json.ts';

/** Every format that a kind may name as its `codec`; without one it is JSON. */
export const CODECS: Readonly<Record<CodecName, Codec>> = { json, cbor };

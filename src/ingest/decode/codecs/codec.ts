import type { CodecName } from '../../../core/codec-names.ts';
import type { RefusalReason } from '../refusals.ts';

/** What a payload may cost before anybody knows what is in it. */
export interface PayloadLimits {
  bytes: number;
  /** Lists and objects within each other. */
  depth: number;
  /** Keys of all objects together. */
  keys: number;
}

/** Those of one message (contract). */
export const PAYLOAD_LIMITS: PayloadLimits = { bytes: 256 * 1024, depth: 32, keys: 20_000 };

/** Why a payload cannot be taken apart. Reasons of dead letters: a codec of a new format adds `not-` and its name. */
export type Unreadable = Extract<
  RefusalReason,
  'empty' | 'too-large' | 'too-deep' | 'too-many-keys' | 'not-utf8' | 'not-json' | 'not-cbor' | 'repeated-key'
>;

export interface Parsed {
  /**
   * Only what JSON knows: null, booleans, numbers, texts, arrays and plain objects, each key an own property. A number
   * beyond 2^53 is the nearest one, and one that is not finite stays so: both are refused at their place.
   */
  value: unknown;
  /** What was written, where numbers are written in digits: there some become 0 that are not. Else empty. */
  digits: string;
}

/**
 * Reads the payloads of one format, which may be hostile. A pure function of the bytes, so that a replay makes of
 * them what was made of them first; `every-codec-keeps-the-contract.test.ts` holds each to it.
 */
export interface Codec {
  readonly name: CodecName;
  /** Never throws, and takes time and memory in proportion to `bytes`. */
  parse(bytes: Buffer, limits: PayloadLimits): Parsed | { reason: Unreadable };
  /**
   * The payload as a text of JSON's tokens with every number in full, for whoever looks through what is put aside. Of
   * bytes that {@link parse} refuses, as much as can be made out. Never throws.
   */
  text(bytes: Buffer): string;
}

/** The look every codec begins with. */
export function sizeFault(bytes: Buffer, limits: PayloadLimits): 'empty' | 'too-large' | null {
  if (bytes.length === 0) return 'empty';
  return bytes.length > limits.bytes ? 'too-large' : null;
}

import { isUtf8 } from 'node:buffer';
import { hasRepeatedKey, jsonText } from '../../core/json.ts';
import type { RefusalReason } from './refusals.ts';

/** Largest payload of one message (contract). */
export const PAYLOAD_BYTES_MAX = 256 * 1024;
const DEPTH_MAX = 32;
const KEYS_MAX = 20_000;
/** Below this size nothing in a payload can hurt the parser, so it is not looked through first. */
const HARMLESS_BYTES = 4096;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/**
 * Parses JSON that may be hostile: size, depth, number of keys and encoding are checked, in this order, on the bytes
 * before the parser builds anything; then that no key comes twice in one object.
 */
export function parseGuarded(raw: Buffer): { value: unknown; text: string } | { reason: RefusalReason } {
  if (raw.length === 0) return { reason: 'empty' };
  if (raw.length > PAYLOAD_BYTES_MAX) return { reason: 'too-large' };
  if (raw.length > HARMLESS_BYTES) {
    const reason = tooComplex(raw);
    if (reason) return { reason };
  }
  if (!isUtf8(raw)) return { reason: 'not-utf8' };
  const text = jsonText(raw);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { reason: 'not-json' };
  }
  return hasRepeatedKey(text, value) ? { reason: 'repeated-key' } : { value, text };
}

/** Whether JSON is nested too deep, or has too many keys, for a parser and whoever walks over what it makes. */
export function tooComplex(raw: Buffer): 'too-deep' | 'too-many-keys' | null {
  let depth = 0;
  let keys = 0;
  for (let at = 0; at < raw.length; at += 1) {
    const byte = raw[at]!;
    if (byte === QUOTE) at = endOfText(raw, at);
    else if (byte === COLON) keys += 1;
    // `[` 0x5b and `{` 0x7b, `]` 0x5d and `}` 0x7d: each pair differs in one bit.
    else if ((byte | 0x20) === 0x7b) depth += 1;
    else if ((byte | 0x20) === 0x7d) depth -= 1;
    if (depth > DEPTH_MAX) return 'too-deep';
  }
  return keys > KEYS_MAX ? 'too-many-keys' : null;
}

function endOfText(raw: Buffer, start: number): number {
  let at = start + 1;
  while (at < raw.length && raw[at] !== QUOTE) at += raw[at] === BACKSLASH ? 2 : 1;
  return at;
}

/** Whether a number in `text` is not 0 as written but so small that parsing makes it 0. */
export function hasUnderflow(text: string): boolean {
  if (!/e-/i.test(text)) return false;
  const withoutTexts = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  // Begins only where no number goes on, or a long one would be read again from each of its digits.
  for (const [number, mantissa] of withoutTexts.matchAll(/(?<![\d.])([\d.]+)e-\d+/gi)) {
    if (Number(number) === 0 && Number(mantissa) !== 0) return true;
  }
  return false;
}

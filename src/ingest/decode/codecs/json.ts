import { isUtf8 } from 'node:buffer';
import { hasRepeatedKey, jsonText } from '../../../core/json.ts';
import { type Codec, type Parsed, type PayloadLimits, sizeFault, type Unreadable } from './codec.ts';

/** Below this size nothing in a payload can hurt the parser, so it is not looked through first. */
const HARMLESS_BYTES = 4096;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/**
 * JSON (RFC 8259) that may be hostile: size, depth, number of keys and encoding are checked, in this order, on the
 * bytes before the parser builds anything; then that no key comes twice in one object.
 */
export const json: Codec = { name: 'json', parse, text: jsonText };

function parse(bytes: Buffer, limits: PayloadLimits): Parsed | { reason: Unreadable } {
  const fault = sizeFault(bytes, limits);
  if (fault) return { reason: fault };
  if (bytes.length > HARMLESS_BYTES) {
    const reason = tooComplex(bytes, limits);
    if (reason) return { reason };
  }
  if (!isUtf8(bytes)) return { reason: 'not-utf8' };
  const text = jsonText(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { reason: 'not-json' };
  }
  return hasRepeatedKey(text, value) ? { reason: 'repeated-key' } : { value, digits: text };
}

/** Whether JSON is nested too deep, or has too many keys, for a parser and whoever walks over what it makes. */
export function tooComplex(
  raw: Buffer,
  limits: Pick<PayloadLimits, 'depth' | 'keys'>,
): 'too-deep' | 'too-many-keys' | null {
  let depth = 0;
  let keys = 0;
  for (let at = 0; at < raw.length; at += 1) {
    const byte = raw[at]!;
    if (byte === QUOTE) at = endOfText(raw, at);
    else if (byte === COLON) keys += 1;
    // `[` 0x5b and `{` 0x7b, `]` 0x5d and `}` 0x7d: each pair differs in one bit.
    else if ((byte | 0x20) === 0x7b) depth += 1;
    else if ((byte | 0x20) === 0x7d) depth -= 1;
    if (depth > limits.depth) return 'too-deep';
  }
  return keys > limits.keys ? 'too-many-keys' : null;
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

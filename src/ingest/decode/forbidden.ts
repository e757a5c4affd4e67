import { type Declared, type Found, findForbidden } from '../../core/forbidden/find.ts';
import type { Refusal } from '../../core/types.ts';
import type { Codec } from './codecs/codec.ts';
import { HIDDEN, KEPT_BYTES_MAX, type RefusalReason, refusal } from './refusals.ts';

/**
 * Turns the refusals of a message that holds something forbidden into refusals for that reason, so that neither its
 * value nor its payload is kept. With no refusal, the message gets one: it holds the forbidden where nobody looks.
 */
export function hideForbidden(
  refusals: Refusal[],
  raw: Buffer,
  { codec, declared }: { codec: Codec; declared: Declared },
): boolean {
  // Of a payload that is not kept for its size only what the refusals tell has to be looked through.
  const text = refusals.length === 0 || raw.length <= KEPT_BYTES_MAX ? codec.text(raw) : null;
  const found = text === null ? null : findForbidden(text, declared);
  if (text !== null && !found) return false;
  const records = text === null ? null : recordsIn(text);
  let hidden = false;
  for (const [at, one] of refusals.entries()) {
    const part = text === null ? tell(one) : records && one.index !== null ? print(records[one.index]) : null;
    const inPart = part === null ? found : findForbidden(part, declared);
    if (!inPart) continue;
    refusals[at] = forbidden(one, inPart);
    hidden = true;
  }
  if (hidden || !found) return hidden;
  refusals[0] = forbidden(refusals[0] ?? refusal(null, 'empty', '', ''), found);
  return true;
}

/** A refusal as JSON again: the key it speaks of and what of the value is shown. */
function tell({ path, value }: Refusal): string {
  return `${JSON.stringify(path.split('.').at(-1))}:${value}`;
}

function forbidden({ index, path }: Refusal, { what, key }: Found): Refusal {
  const reason: RefusalReason = `forbidden-${what}`;
  const ends = key !== '' && (path === key || path.endsWith(`.${key}`));
  return { ...refusal(index, reason, ends ? path : key, ''), value: HIDDEN };
}

/** The records of an array; null for anything else, which is one record. */
function recordsIn(text: string): unknown[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function print(record: unknown): string {
  return JSON.stringify(record) ?? '';
}

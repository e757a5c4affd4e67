import { type Declared, type Found, findForbidden } from '../../core/forbidden.ts';
import type { Refusal } from '../../core/types.ts';
import { HIDDEN, type RefusalReason, refusal } from '../refusals.ts';

/**
 * Turns the refusals of a message that holds something forbidden into refusals for that reason, so that neither its
 * value nor its payload is kept. With no refusal, the message gets one: it holds the forbidden where nobody looks.
 */
export function hideForbidden(refusals: Refusal[], raw: Buffer, declared: Declared): boolean {
  const text = raw.toString('utf8');
  const found = findForbidden(text, declared);
  if (!found) return false;
  const records = recordsIn(text);
  let hidden = false;
  for (const [at, one] of refusals.entries()) {
    const inThis = one.index === null || !records ? found : findForbidden(print(records[one.index]), declared);
    if (!inThis) continue;
    refusals[at] = forbidden(one, inThis);
    hidden = true;
  }
  if (refusals.length === 0) refusals.push(forbidden(refusal(null, 'empty', '', ''), found));
  else if (!hidden) refusals[0] = forbidden(refusals[0]!, found);
  return true;
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

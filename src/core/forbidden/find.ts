import { forbiddenName } from './names.ts';
import type { Forbidden } from './table.ts';
import { holdsCard, holdsGrownIdentity, holdsIdentity, holdsIssuedCard, holdsMac, holdsReading } from './values.ts';

/** What a kind says its own fields hold, by name of the key: equipment has hardware addresses and long serials too. */
export type Declared = ReadonlyMap<string, 'mac' | 'digits'>;

/** A forbidden thing in a payload: at or under the key `key`, which is empty when the key itself is the thing. */
export interface Found {
  what: Forbidden;
  key: string;
}

/**
 * Looks through the text of a payload that is put aside anyway, whole JSON or broken; null when it may be kept. Reads
 * tokens and not parsed values, because parsing rounds long numbers and forgets all but the last of equal keys. Goes
 * over the text once, whatever it is: a text that never ends is a text to the end.
 */
export function findForbidden(text: string, declared: Declared): Found | null {
  let key = '';
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const end = code === QUOTE ? endOfText(text, at) : isDigit(code) ? endOfNumber(text, at) : at + 1;
    const token = end - at > 1 ? text.slice(at, end) : '';
    at = end;
    if (token === '') continue;
    if (code !== QUOTE) {
      const what = inNumber(token);
      if (what) return { what, key: shownKey(key) };
      continue;
    }
    const content = withoutEscapes(token.replace(/^"|"$/g, ''));
    while (at < text.length && text.charCodeAt(at) <= SPACE) at += 1;
    const isKey = text.charCodeAt(at) === COLON;
    if (isKey) key = content;
    // What a payload was cut off in may have been about to become a key.
    const maybeKey = isKey || at >= text.length;
    const what = (maybeKey ? inKey(content, declared) : null) ?? (isKey ? null : inText(content, key, declared));
    if (what) return { what, key: shownKey(key) };
  }
  return null;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const SPACE = 0x20;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Behind the closing quote, or the end of everything. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at + 1;
  }
  return text.length;
}

/** Digits with what may stand in a number: a fraction's digits are no number of their own. */
function endOfNumber(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && (isDigit(text.charCodeAt(at)) || '.eE+-'.includes(text[at]!))) at += 1;
  return at;
}

/** A key that is itself the forbidden thing is not shown. */
function shownKey(key: string): string {
  return inValue(key, IN_KEYS) === null ? key : '';
}

/** What a key may itself be, in place of a name. */
const IN_KEYS = { identity: holdsIdentity, card: holdsCard, mac: holdsMac, health: holdsReading };

function inKey(key: string, declared: Declared): Forbidden | null {
  const named = forbiddenName(key);
  return named === null || named === declared.get(key) ? inValue(key, IN_KEYS) : named;
}

function inNumber(number: string): Forbidden | null {
  return /^\d+$/.test(number) ? inValue(number, { identity: holdsIdentity, card: holdsIssuedCard }) : null;
}

/** The first that fits: what has more to it than a check digit stands first. */
function inValue(text: string, holds: Partial<Record<Forbidden, (text: string) => boolean>>): Forbidden | null {
  return (Object.keys(holds) as Forbidden[]).find((what) => holds[what]!(text)) ?? null;
}

function inText(text: string, key: string, declared: Declared): Forbidden | null {
  if (key === 'type' && forbiddenName(text)) return forbiddenName(text);
  const holds = declared.get(key);
  if (holds !== 'mac' && holdsMac(text)) return 'mac';
  if (key === 'id') return inValue(text, { identity: holdsGrownIdentity, card: holdsIssuedCard });
  if (holdsIdentity(text)) return 'identity';
  if (holdsReading(text)) return 'health';
  return holds !== 'digits' && holdsCard(text) ? 'card' : null;
}

function withoutEscapes(quoted: string): string {
  if (!quoted.includes('\\')) return quoted;
  try {
    return JSON.parse(`"${quoted}"`) as string;
  } catch {
    return quoted;
  }
}

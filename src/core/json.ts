const BYTE_ORDER_MARK = 0xfeff;

/**
 * The text of JSON that came from outside, as bytes that were found to be UTF-8. A byte order mark in front is skipped,
 * as RFC 8259 §8.1 allows; every door reads through here, so that all treat one alike.
 */
export function jsonText(raw: Buffer): string {
  const text = raw.toString('utf8');
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

/**
 * Whether an object in `text` has a key twice; `value` is what parsing made of it. Which of the two counts is for
 * each reader to say (RFC 8259 §4), so that what one reader checked another would not use.
 *
 * Costs no second parsing: a key that was repeated is missing in `value`, and its colon with it. Only a text with a
 * backslash, behind which a colon may hide, is read again.
 */
export function hasRepeatedKey(text: string, value: unknown): boolean {
  if (text.includes('\\')) return findsRepeatedKey(text);
  let colons = 0;
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) colons += 1;
  return colons !== colonsOf(value);
}

/** Colons of the shortest JSON of `value`, those inside its texts included. */
function colonsOf(value: unknown): number {
  if (typeof value === 'string') return colonsIn(value);
  if (typeof value !== 'object' || value === null) return 0;
  let colons = 0;
  if (Array.isArray(value)) {
    for (const item of value) colons += colonsOf(item);
    return colons;
  }
  for (const key in value) {
    colons += 1 + colonsIn(key) + colonsOf((value as Record<string, unknown>)[key]);
  }
  return colons;
}

function colonsIn(text: string): number {
  let colons = 0;
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) colons += 1;
  return colons;
}

/** As {@link hasRepeatedKey}, character by character. `text` is known to be JSON. */
function findsRepeatedKey(text: string): boolean {
  /** For each open bracket: the keys seen so far, or null for an array. */
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(null);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfText(text, at);
      const keys = open.at(-1);
      if (keys && isBeforeColon(text, end)) {
        const key = JSON.parse(text.slice(at, end)) as string;
        if (keys.has(key)) return true;
        keys.add(key);
      }
      at = end - 1;
    }
  }
  return false;
}

/** Behind the quote that ends the text which begins at `start`. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isBeforeColon(text: string, end: number): boolean {
  let at = end;
  while (' \t\r\n'.includes(text[at] ?? ':')) at += 1;
  return text[at] === ':';
}

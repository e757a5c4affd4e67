import { TEXT_FIELDS, type TextFields } from '../text/fields.ts';

/**
 * The language of templates: `{{name}}` is one of {@link TEXT_FIELDS}, and everything else stands for itself. It has
 * no conditions, loops or calls, and it fills texts inside of JSON, never JSON itself: what is filled in can end no
 * text and begin no field.
 */
const PLACE = /\{\{\s*([A-Za-z]{1,32})\s*\}\}/g;
/** What only looks like a place. */
const BRACES = /\{\{|\}\}/;
/** What other languages of templates have for text as it is. */
const TRIPLE = /\{\{\{|\}\}\}/;
const DEPTH_MAX = 8;

const NAMES: ReadonlySet<string> = new Set(TEXT_FIELDS);

export function fill(text: string, fields: TextFields): string {
  return text.replaceAll(PLACE, (_, name: keyof TextFields) => fields[name] ?? '');
}

/** A JSON value with its texts filled; names of members stand as they are. */
export function filled(value: unknown, fields: TextFields): unknown {
  if (typeof value === 'string') return fill(value, fields);
  if (Array.isArray(value)) return value.map((one) => filled(one, fields));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, fields)]));
}

/** What is wrong with a template, for people; null where nothing is. */
export function problemOf(value: unknown, depth = 0): string | null {
  if (depth > DEPTH_MAX) return `is nested deeper than ${DEPTH_MAX}`;
  if (typeof value === 'string') return problemOfText(value);
  if (typeof value !== 'object' || value === null) return null;
  for (const one of Object.values(value)) {
    const problem = problemOf(one, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}

function problemOfText(text: string): string | null {
  const unknown = [...text.matchAll(PLACE)].map(([, name = '']) => name).find((name) => !NAMES.has(name));
  if (unknown !== undefined) return `knows no field {{${unknown}}}: there are ${TEXT_FIELDS.join(', ')}`;
  const isOdd = TRIPLE.test(text) || BRACES.test(text.replaceAll(PLACE, ''));
  return isOdd ? 'has {{ or }} that belong to no field, such as {{title}}' : null;
}

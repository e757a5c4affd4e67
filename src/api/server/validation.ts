import type { FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';
import { CitywatchError } from '../../core/errors.ts';
import { forbiddenText } from '../../core/forbidden/values.ts';
import type { RequestIssue } from './problems.ts';

/** More wrong places than this are not listed: the answer stays small however large the request was. */
const ISSUES_MAX = 20;
const PATH_LENGTH_MAX = 120;
const KNOWN_FIELDS_MAX = 40;
/** Deepest place in a request at which any route keeps a text. */
const DEPTH_MAX = 32;

type ZodIssue = z.core.$ZodIssue;

/**
 * Checks one part of a request with its zod schema and names every wrong field. A path parameter that does not fit
 * names nothing that can exist, so it answers like any absent thing.
 */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  return (value: unknown) => {
    const odd = httpPart === 'params' ? null : unstorable(value);
    if (odd) return { error: new CitywatchError('request.invalid', { issues: [oddText(odd, httpPart)] }) };
    const result = schema.safeParse(value);
    if (result.success) return { value: result.data };
    if (httpPart === 'params') return { error: new CitywatchError('not-found') };
    return { error: new CitywatchError('request.invalid', { issues: toIssues(result.error, httpPart, known, value) }) };
  };
};

/** NUL, which PostgreSQL refuses, and half a surrogate pair, which would come back as another character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a control character is what is looked for
const UNSTORABLE = /\u0000|\p{Surrogate}/u;

/**
 * Path of the first text in `value` that cannot be kept as it was sent; null when there is none. A body may hold some
 * hundred thousand values, so nothing is made for those that are fine.
 */
function unstorable(value: unknown, depth = 0): PropertyKey[] | null {
  if (typeof value === 'string') return UNSTORABLE.test(value) ? [] : null;
  // What lies deeper than any request may be was refused before it was parsed.
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value) || depth >= DEPTH_MAX) return null;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const path = unstorable(value[index], depth + 1);
      if (path) return [index, ...path];
    }
    return null;
  }
  for (const key of Object.keys(value)) {
    if (UNSTORABLE.test(key)) return [];
    const path = unstorable((value as Record<string, unknown>)[key], depth + 1);
    if (path) return [key, ...path];
  }
  return null;
}

function oddText(path: PropertyKey[], part: string | undefined): RequestIssue {
  const message = 'holds a NUL character or half of a surrogate pair';
  return { path: printPath(path, part ?? 'body'), message, remedy: 'Send whole Unicode characters.' };
}

/**
 * The issues of a zod error as the API prints them; `part` names the whole when no single field is wrong, `value` is
 * what was checked, to tell a field that is missing from one that is wrong.
 */
export function toIssues(error: z.ZodError, part = 'body', known: string[] = [], value?: unknown): RequestIssue[] {
  return error.issues.flatMap((issue) => issuesOf(issue, part, known, value)).slice(0, ISSUES_MAX);
}

function issuesOf(issue: ZodIssue, part: string, known: string[], value: unknown): RequestIssue[] {
  // A rule over several fields names one of them, and says itself what is wrong.
  if (issue.code !== 'custom' && isAbsent(value, issue.path)) {
    return [{ path: printPath(issue.path, part), message: 'is missing', remedy: wayIn(issue, part) }];
  }
  if (issue.code === 'invalid_union') {
    const closest = issue.errors.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0] ?? [];
    const inner = closest.map((each) => ({ ...each, path: [...issue.path, ...each.path] }) as ZodIssue);
    if (inner.length > 0) return inner.flatMap((each) => issuesOf(each, part, known, value));
  }
  if (issue.code === 'unrecognized_keys') {
    const fields = issue.path.length === 0 ? known.slice(0, KNOWN_FIELDS_MAX).join(', ') : '';
    const remedy = fields === '' ? 'Remove it.' : `Remove it; known here: ${fields}.`;
    return issue.keys
      .slice(0, ISSUES_MAX)
      .map((key) => ({ path: printPath([...issue.path, key], part), message: 'unknown field', remedy }));
  }
  return [{ path: printPath(issue.path, part), ...explain(issue) }];
}

/** Whether `path` leads from `value`, an object, to a field that was not sent. */
function isAbsent(value: unknown, path: PropertyKey[]): boolean {
  if (typeof value !== 'object' || value === null || path.length === 0) return false;
  let place: unknown = value;
  for (const step of path) {
    if (typeof place !== 'object' || place === null) return false;
    place = Object.hasOwn(place, step) ? (place as Record<PropertyKey, unknown>)[step] : undefined;
    if (place === undefined) return true;
  }
  return false;
}

/** What to send where a field is missing. A schema with a text of its own (`use RFC 3339 …`) says the form in it. */
function wayIn(issue: ZodIssue, part: string): string {
  const name = issue.path.map(String).join('.');
  const what = part === 'querystring' ? `Send the query parameter \`${name}\`` : 'Send it';
  if (!issue.message.startsWith('Invalid ')) return `${what}: ${lowerFirst(issue.message)}.`;
  if (issue.code === 'invalid_value') return `${what}: one of ${issue.values.map(String).join(', ')}.`;
  if (part === 'querystring' || issue.code !== 'invalid_type') return `${what}.`;
  return `Send ${article(issue.expected)}.`;
}

/** A branch of a union that got further into the value, or else has less to complain of, is the one that was meant. */
function depth(issues: ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function explain(issue: ZodIssue): Omit<RequestIssue, 'path'> {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.message.endsWith('undefined'))
        return { message: 'is missing', remedy: `Send ${article(issue.expected)}.` };
      return { message: `is not ${article(issue.expected)}`, remedy: `Make it ${article(issue.expected)}.` };
    case 'too_big':
      return { message: 'is too large', remedy: `At most ${issue.maximum}${unitOf(issue.origin)}.` };
    case 'too_small':
      return { message: 'is too small', remedy: `At least ${issue.minimum}${unitOf(issue.origin)}.` };
    case 'invalid_value':
      return { message: 'is not a known value', remedy: `One of: ${issue.values.map(String).join(', ')}.` };
    default:
      return { message: lowerFirst(issue.message) };
  }
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' || origin === 'set' ? ' items' : '';
}

function article(type: string): string {
  if (type === 'int') return 'a whole number';
  return /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** A key that nobody knows may itself be what must not stand in an answer. */
function shownKey(key: string): string {
  return forbiddenText(key) === null ? key : '[hidden]';
}

function printPath(path: readonly PropertyKey[], part: string): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${shownKey(String(step))}`)).join('');
  return (text.replace(/^\./, '') || part).slice(0, PATH_LENGTH_MAX);
}

import { z } from 'zod';
import { toRfc3339 } from '../core/clock.ts';
import { ERRORS, type ErrorCode } from '../core/errors.ts';
import { policeCode } from '../devices/police/input.ts';
import { deviceId, jurisdiction } from '../devices/registry/input.ts';

/** Pieces that several routes' schemas are made of. Requests are strict: an unknown field is an error. */

const LIMIT_MAX = 500;
const LIMIT_DEFAULT = 100;

export { deviceId, jurisdiction };

/** Limits what is given in an area. */
export const policeLimit = policeCode.nullable().meta({
  description: 'Of the area only what belongs to this police agency, or to one below it; null for all of it',
});

/** The same as it is answered. */
export const policeLimited = z.string().nullable().meta({
  description: 'Of the area only what belongs to this police agency, or to one below it',
});

export const deviceParams = z.strictObject({ id: deviceId });

/** Not given as a pattern: other languages read neither `\\p{…}` nor `\\u…` in it. */
const LINE_BREAKING = /[\p{Cc}\u2028\u2029]/u;

/** Text that people read: no control characters, so that a log line or a page stays one. */
export function label(max: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((text) => !LINE_BREAKING.test(text), 'must not hold control characters')
    .meta({ description: 'No control characters' });
}

/** A moment in a request, as milliseconds afterwards. */
export const instant = z.iso
  .datetime({ offset: true, error: 'use RFC 3339, such as 2026-11-21T08:00:00Z (in a URL write + as %2B)' })
  .transform((text) => Date.parse(text));

/** A moment in an answer. */
export const moment = z.string().meta({ description: 'RFC 3339 UTC with milliseconds', format: 'date-time' });

export function momentOrNull(atMs: number | null): string | null {
  return atMs === null ? null : toRfc3339(atMs);
}

/** Query fields of every list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(LIMIT_DEFAULT),
  cursor: z.string().max(1024).optional().meta({ description: '`next` of the page before' }),
};

/** The answer of every list. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: z.string().optional() });
}

/** Fields that say from when until when; the end is left out. */
export const rangeQuery = { from: instant, to: instant };

/** Checks that a query's range ends after it begins. */
export function inOrder() {
  return (context: { value: { from?: number | undefined; to?: number | undefined }; issues: unknown[] }) => {
    const { from, to } = context.value;
    if (from === undefined || to === undefined || to > from) return;
    context.issues.push({ code: 'custom', path: ['to'], message: 'must be later than `from`', input: to });
  };
}

/** An answer that is no JSON, for the OpenAPI document and the content type; `schema` is of its pieces. */
export function bytesOf(type: string, description: string, schema: z.ZodType = z.unknown()) {
  return { description, content: { [type]: { schema } } };
}

export const noContent = z.null().meta({ description: 'Done; no body.' });

const errorCodes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** The problem document, for the OpenAPI document only: problems are not checked on their way out. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    code: z.enum(errorCodes),
    issues: z.array(z.object({ path: z.string(), message: z.string(), remedy: z.string().optional() })).optional(),
    conflict: z
      .object({ seen: z.unknown(), current: z.unknown() })
      .optional()
      .meta({ description: 'The thing as the caller saw it (null where it never was like that), and as it is' }),
    requestId: z.string().optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem document; `code` is stable, the texts are not.' });

import { z } from 'zod';

/** Not every language that reads the OpenAPI document knows classes of letters. */
const FORM = /^[\p{L}\p{N}][\p{L}\p{N} ._/#:()-]*$/u;

/**
 * How a case is named in another system, such as the number that 81890 gives: 64 characters at most, without control
 * characters and without what another page or sheet could take for its own.
 */
export const caseNumber = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .refine((text) => FORM.test(text), 'use letters, digits, spaces and . _ / # : ( ) -');

/** The case number in what a receiver answered; null where there is none. */
export function caseNumberIn(answer: Readonly<Record<string, unknown>> | null): string | null {
  const parsed = caseNumber.safeParse(answer?.caseNumber);
  return parsed.success ? parsed.data : null;
}

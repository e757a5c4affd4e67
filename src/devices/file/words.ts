import { z } from 'zod';
import { FORBIDDEN } from '../../core/forbidden/table.ts';
import { type Allowed, forbiddenText } from '../../core/forbidden/values.ts';
import { isOneLine } from '../cameras/device-url.ts';

/** Stands in the OpenAPI document in place of the pattern, which other languages do not read. */
export const NO_CONTROLS = 'No control characters';

/** Text of one line, not empty, such as a label has: PostgreSQL takes no NUL, and logs no line ends. */
export function oneLine(max: number) {
  return z
    .string()
    .max(max)
    .refine(isOneLine, 'must not hold control characters')
    .refine((text) => text.trim() !== '', 'must not be empty')
    .describe(NO_CONTROLS);
}

/**
 * As {@link oneLine}, typed by a person: what must not enter the gateway is refused, apart from what `allowed` says.
 * The refusal says which part of the table it is, and not the text.
 */
export function words(max: number, allowed: Allowed = []) {
  return oneLine(max).superRefine((text, context) => {
    const what = text.length <= max ? forbiddenText(text, allowed) : null;
    if (what === null) return;
    const { says, remedy } = FORBIDDEN[what];
    context.addIssue({ code: 'custom', message: `holds what may be ${says}. ${remedy}` });
  });
}

/** Why something was done, or what was seen on the spot: the address of the unit that hangs there is part of that. */
export function remark(max: number) {
  return words(max, ['mac']);
}

import { z } from 'zod';
import { isOneLine } from '../cameras/device-url.ts';

/** Stands in the OpenAPI document in place of the pattern, which other languages do not read. */
export const NO_CONTROLS = 'No control characters';

/** Text a person typed: not empty, no control characters (PostgreSQL takes no NUL, logs no line ends). */
export function words(max: number) {
  return z
    .string()
    .max(max)
    .refine(isOneLine, 'must not hold control characters')
    .refine((text) => text.trim() !== '', 'must not be empty')
    .describe(NO_CONTROLS);
}

import { z } from 'zod';

/** The name of a field or event of a kind, as a rule file may write it. */
export const fieldName = z.string().min(1).max(64);

import { join } from 'node:path';

/** Kinds and rules as they are delivered. */
export const CONFIG_DIRECTORY = join(import.meta.dirname, '../../../../config');

import { join } from 'node:path';

/** The gateway read from its sources: for what reaches into its modules while it runs. */
export const SOURCES = join(import.meta.dirname, '../../../src/app/main.ts');

/** The gateway as it is delivered: bundled, where the run made a bundle. */
export const CITYWATCH = process.env.TEST_GATEWAY ?? SOURCES;

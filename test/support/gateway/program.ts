import { join } from 'node:path';

const SOURCES = join(import.meta.dirname, '../../../src/app/main.ts');

/** The gateway as it is delivered: bundled, where the run made a bundle. */
export const CITYWATCH = process.env.TEST_GATEWAY ?? SOURCES;

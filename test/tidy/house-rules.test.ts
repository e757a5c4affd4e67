import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The rules of the house, in one process: most look at the same sources, which are parsed once. */
const RULES = join(import.meta.dirname, 'rules');

for (const name of readdirSync(RULES).sort()) await import(join(RULES, name));

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { ROOT } from './root.mjs';

/** Of the names and bytes of `paths`, and of `besides`: what was made of the same has the same. */
export function hashOfFiles(paths, besides = '') {
  const hash = createHash('sha256').update(`${besides}\0`);
  for (const path of [...paths].sort()) {
    hash
      .update(`${relative(ROOT, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return hash.digest('hex');
}

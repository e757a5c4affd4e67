import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type PageFiles, readPages } from '../../../src/api/server/console.ts';
import { ROOT } from '../root.ts';

/** The console as it is now, built first when its sources have changed. */
export async function builtConsole(): Promise<PageFiles> {
  await promisify(execFile)(process.execPath, [join(ROOT, 'scripts/build-web.mjs')]);
  return readPages(join(ROOT, 'web/dist'));
}

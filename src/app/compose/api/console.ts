import { join } from 'node:path';
import { type PageFiles, readPages } from '../../../api/server/console.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Observer } from '../../../core/observe.ts';

const BUILT = join(import.meta.dirname, '../../../../web/dist');

/** The built console; nothing but a warning where it is not built, because devices and machines do not need it. */
export async function consolePages({ log }: Observer): Promise<{ pages?: PageFiles }> {
  try {
    return { pages: await readPages(BUILT) };
  } catch (error) {
    log.warn({ part: 'console', error: messageOf(error) }, 'there is no page at /');
    return {};
  }
}

/**
 * A process that keeps a photo and is killed at a step of it: `photo-child.ts URL DIRECTORY STEP ASKED`, where ASKED
 * is a {@link PhotoAsked} as JSON. A step is a call of the file system below the directory or a statement, before it
 * begins, and of a commit also while its answer is waited for. Prints `kept` once the photo is acknowledged.
 */
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import pg from 'pg';
import { systemClock } from '../../../../src/core/clock.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { DATABASE_LIMITS, Database } from '../../../../src/platform/database/database.ts';
import { exitsWhenNothingWaits } from '../../processes.ts';
import { quietObserver } from '../../services/services.ts';
import { photosIn } from './open-photos.ts';

export interface PhotoAsked {
  caller: Caller;
  order: string;
  id: string;
  /** Base64. */
  sent: string;
}

type Call = (...given: unknown[]) => unknown;

const CALLS = ['open', 'mkdir', 'rename', 'rm', 'rmdir'] as const;
const HANDLE_CALLS = ['writeFile', 'chmod', 'sync', 'datasync', 'close'] as const;

exitsWhenNothingWaits();
const [url = '', directory = '', killedAt = '', asked = ''] = process.argv.slice(2);
let steps = 0;
let isCounting = false;

function step(): void {
  if (!isCounting) return;
  steps += 1;
  if (steps === Number(killedAt)) process.kill(process.pid, 'SIGKILL');
}

function isHandle(result: unknown): result is FileHandle {
  return typeof result === 'object' && result !== null && 'datasync' in result;
}

for (const name of CALLS) {
  const original = fs[name] as (...given: unknown[]) => Promise<unknown>;
  const counted = async (...given: unknown[]): Promise<unknown> => {
    if (!String(given[0]).startsWith(directory)) return original(...given);
    step();
    const result = await original(...given);
    if (isHandle(result)) countHandle(result);
    return result;
  };
  Object.assign(fs, { [name]: counted });
}
syncBuiltinESMExports();

function countHandle(handle: FileHandle): void {
  for (const name of HANDLE_CALLS) {
    const original = handle[name].bind(handle) as Call;
    const counted = (...given: unknown[]): unknown => {
      step();
      return original(...given);
    };
    Object.assign(handle, { [name]: counted });
  }
}

const query = pg.Client.prototype.query as Call;
pg.Client.prototype.query = function counted(this: pg.Client, ...given: unknown[]) {
  step();
  const answer = Reflect.apply(query, this, given);
  const [said] = given as [string | { text: string }];
  // Sent in this turn; the answer is read in a later one.
  if (/^commit\b/i.test(typeof said === 'string' ? said : said.text)) setImmediate(step);
  return answer;
} as typeof pg.Client.prototype.query;

const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
const { photos } = photosIn({ database, clock: systemClock, directory, needsIncident: () => false });
const { caller, order, id, sent } = JSON.parse(asked) as PhotoAsked;
isCounting = true;
await photos.keep(caller, { order }, { id, what: 'before', sent: Buffer.from(sent, 'base64') });
await new Promise<void>((resolve) => process.stdout.write('kept\n', () => resolve()));
step();
isCounting = false;
await database.close();

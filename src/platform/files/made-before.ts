import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';

/** What a start made of files, for the next start that finds the same files. Losing it costs time and nothing else. */
export interface MadeBefore {
  /** What was kept under this key, or null. */
  find(key: string): Promise<unknown>;
  /** Keeps what survives a structured clone; does nothing where it cannot be written. */
  keep(key: string, value: unknown): Promise<void>;
}

/** Makes everything anew each time. */
export const NOTHING_MADE_BEFORE: MadeBefore = { find: async () => null, keep: async () => {} };

/**
 * Kept beside a bundled program: who can write there can change the program too, and another state of the program
 * stands in another folder, so that what was made by other code is never found.
 */
export function madeBeside(directory: string): MadeBefore {
  const place = (key: string) => join(directory, `made-${key}.bin`);
  return {
    find: async (key) => {
      try {
        return deserialize(await readFile(place(key)));
      } catch {
        return null;
      }
    },
    keep: async (key, value) => {
      const unfinished = `${place(key)}.${randomBytes(4).toString('hex')}.tmp`;
      try {
        await writeFile(unfinished, serialize(value), { mode: 0o644 });
        await rename(unfinished, place(key));
      } catch {
        await rm(unfinished, { force: true }).catch(() => {});
      }
    },
  };
}

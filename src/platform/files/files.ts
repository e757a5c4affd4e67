import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

export interface WriteOptions {
  /** Permission bits of the file, such as 0o600; the umask does not widen them. */
  mode: number;
}

/** Names of files that a crash may leave beside those it was writing. */
export const TEMPORARY = /\.tmp$/;

/**
 * Replaces `path` by `data` so that after a power cut either the old or the new content is there, whole: written to a
 * new file beside it, fsynced, renamed, and the directory fsynced.
 */
export async function writeFileDurable(path: string, data: string | Uint8Array, { mode }: WriteOptions): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await withFile(await open(temporary, 'wx', mode), async (file) => {
      await file.writeFile(data);
      await file.chmod(mode);
      await file.sync();
    });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Makes `path` and its parents durable with `mode`; one that is there gets the mode, so a loose one is tightened. */
export async function ensureDirectory(path: string, mode: number): Promise<void> {
  const firstMade = await mkdir(path, { recursive: true, mode });
  await withFile(await open(path, 'r'), (directory) => directory.chmod(mode));
  if (firstMade === undefined) return;
  const stop = dirname(firstMade);
  for (let current = resolve(path); ; current = join(current, '..')) {
    await syncDirectory(current);
    if (current === stop || current === join(current, '..')) return;
  }
}

/** Makes created, renamed and removed entries of a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  await withFile(await open(path, 'r'), (directory) => directory.sync());
}

async function withFile(file: FileHandle, use: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

/** Whether there is a file or directory of this name that we can see; a link counts as what it leads to. */
export function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

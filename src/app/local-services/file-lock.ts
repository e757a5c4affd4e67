import { constants } from 'node:fs';
import { open, readdir, readlink, realpath } from 'node:fs/promises';
import { CitywatchError } from '../../core/errors.ts';
import { run } from './run.ts';

/** A lock that ends with `release` or, by the kernel's hand, when the last process that holds its descriptor ends. */
export interface FileLock {
  /** Hand this to a child as its descriptor 3 and the lock lasts as long as the child does. */
  fd: number;
  /** Gives up our share; children that were handed `fd` keep theirs. */
  release(): Promise<void>;
}

/**
 * Takes the exclusive lock on `path` (made with mode 0600 if absent), waiting up to `waitS`. Null when somebody else
 * keeps it. Node has no flock, so flock(1) locks our own open file description through an inherited descriptor.
 */
export async function lockFile(path: string, waitS: number): Promise<FileLock | null> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    const wait = waitS > 0 ? ['-w', String(waitS)] : ['-n'];
    const { status, stderr } = await run('flock', ['-x', ...wait, '-E', String(HELD), '3'], { fd: file.fd });
    if (status === 0) return { fd: file.fd, release: () => file.close() };
    await file.close();
    if (status === HELD) return null;
    throw new CitywatchError('service.failed', { detail: `Cannot lock ${path}: ${stderr.trim()}.` });
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
}

/** The status we ask flock(1) to end with when the lock is taken; its other failures have other numbers. */
const HELD = 75;

/** Process ids that hold `path` as their descriptor 3: children of a gateway that is no more. */
export async function childrenHolding(path: string): Promise<number[]> {
  const real = await realpath(path);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const held = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/fd/3`).catch(() => '')));
  return pids.filter((pid, index) => pid !== process.pid && held[index] === real);
}

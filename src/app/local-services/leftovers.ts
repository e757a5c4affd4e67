import { CitywatchError } from '../../core/errors.ts';
import { childrenHolding, type FileLock, hasLetGo, lockFile, lockOwner } from './file-lock.ts';

/** How long something of an earlier life may take to end by itself. */
const WAIT_S = 5;

/**
 * The lock that says nothing of an earlier life of the server `name` is left, signed by us. What is left after a while
 * is killed where the gateway that started it is gone. Rejects with `service.failed` where that one lives, or where
 * nobody knows whose it is.
 */
export async function lockForChild(name: string, path: string): Promise<FileLock> {
  const lock = (await lockFile(path, WAIT_S)) ?? (await lockAfterLeftovers(name, path));
  // Unsigned, it only means that nobody will take what we start for a leftover.
  await lock.sign().catch(() => {});
  return lock;
}

async function lockAfterLeftovers(name: string, path: string): Promise<FileLock> {
  const owner = await lockOwner(path);
  if (owner && (await hasLetGo(owner))) {
    for (const pid of await childrenHolding(path)) killQuietly(pid);
    const lock = await lockFile(path, WAIT_S);
    if (lock) return lock;
  }
  const whose = owner ? ` of process ${owner.pid}` : '';
  const detail = `Another ${name}${whose} holds ${path}; end it, then start citywatch again.`;
  throw new CitywatchError('service.failed', { detail });
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone in the meantime.
  }
}

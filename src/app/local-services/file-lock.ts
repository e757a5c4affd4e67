import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { CitywatchError } from '../../core/errors.ts';
import { run } from './run.ts';

/** A lock that ends with `release` or, by the kernel's hand, when the last process that holds its descriptor ends. */
export interface FileLock {
  /** Hand this to a child as its descriptor 3 and the lock lasts as long as the child does. */
  fd: number;
  /** Notes in the file that this process took it; see {@link lockOwner}. */
  sign(): Promise<void>;
  /** Gives up our share; children that were handed `fd` keep theirs. */
  release(): Promise<void>;
}

/** A process that took a lock. The start tells it from another one that has the same id later. */
export interface LockOwner {
  pid: number;
  /** In clock ticks since the machine was started, as /proc has it. */
  startedAt: string;
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
    if (status === 0) return { fd: file.fd, sign: () => sign(file), release: () => file.close() };
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

/** Always so long, so that a later one is written over the earlier without asking a full disk for room. */
const SIGNATURE_CHARS = 40;

async function sign(file: FileHandle): Promise<void> {
  const { pid, startedAt } = await ourselves();
  await file.write(`${`${pid} ${startedAt}`.padEnd(SIGNATURE_CHARS - 1)}\n`, 0);
}

/** Who signed the lock last; null where nobody did. */
export async function lockOwner(path: string): Promise<LockOwner | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const found = /^(\d+) (\d+) *$/m.exec(text);
  return found ? { pid: Number(found[1]), startedAt: found[2] ?? '' } : null;
}

/** Whether the owner of a lock can no longer care for what it started: it has ended, or it is us. */
export async function hasLetGo(owner: LockOwner): Promise<boolean> {
  if (owner.pid === process.pid) return true;
  return (await startOf(owner.pid)) !== owner.startedAt;
}

async function ourselves(): Promise<LockOwner> {
  return { pid: process.pid, startedAt: (await startOf('self')) ?? '0' };
}

/** When a process was started; null when there is none, or only one that waits to be reaped. */
async function startOf(pid: number | 'self'): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // Behind the name, which may hold anything: state, parent and so on; the start is the 20th of them.
  const columns = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (stat === '' || columns[0] === 'Z') return null;
  return columns[19] ?? null;
}

/** Process ids that hold `path` as their descriptor 3: what a gateway started with it. */
export async function childrenHolding(path: string): Promise<number[]> {
  const real = await realpath(path);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const held = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/fd/3`).catch(() => '')));
  return pids.filter((pid, index) => pid !== process.pid && held[index] === real);
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import type { Owner } from '../services/services.ts';

/** Whether system calls of a process of ours can be made to fail here, by strace. */
export function canFailWrites(): boolean {
  return spawnSync('strace', ['-qq', '-e', 'inject=fsync:error=EIO', 'true'], { stdio: 'ignore' }).status === 0;
}

/** Files below a directory that a process has open. */
function openFilesOf(pid: number, directory: string): string[] {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      // Closed since it was listed.
      return '';
    }
  });
  return links.filter((path) => path.startsWith(`${directory}/`) && path.endsWith('.mp4'));
}

/**
 * A disk on which a process reads and opens files, and what it writes fails with EIO, as that of a disk whose sectors
 * are bad: `writes` of the files that it has open now, or every `sync` from now on, which is when most disks say so.
 */
export class FailingWrites {
  readonly #strace: ChildProcess;

  private constructor(strace: ChildProcess) {
    this.#strace = strace;
  }

  /** Begins at once; ends with the test at the latest. */
  static async of(t: Owner, pid: number, what: 'writes' | 'sync', directory: string): Promise<FailingWrites> {
    const calls = what === 'writes' ? 'write,pwrite64' : 'fsync,fdatasync';
    const paths = what === 'writes' ? openFilesOf(pid, directory).flatMap((path) => ['-P', path]) : [];
    const words = ['-f', '-o', '/dev/null', ...paths, '-e', `trace=${calls}`, '-e', `inject=${calls}:error=EIO`];
    const strace = spawn('strace', [...words, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
    const failing = new FailingWrites(strace);
    t.teardown(() => failing.end());
    // It says so when it has attached.
    await once(strace.stderr!, 'data');
    return failing;
  }

  async end(): Promise<void> {
    if (this.#strace.exitCode !== null || this.#strace.signalCode !== null) return;
    const ended = once(this.#strace, 'exit');
    this.#strace.kill('SIGINT');
    await ended;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PLAIN_ENVIRONMENT } from './run.ts';

/**
 * More than what a gateway keeps free below its journal (256 MiB) and for its next start (32 MiB); it is memory, and
 * all of it once the disk is full.
 */
const MIB = 384;
/** Memory that has to be there beside it, for the gateway and the city. */
const BESIDE_MIB = 1_024;

/** Why there can be no disk, as the end of a sentence. */
export class NoDiskError extends Error {}

/**
 * Memory as a disk that a timeline may fill: it is mounted where nobody else sees it, in a mount namespace that a small
 * process holds, and is reached through that process. It is gone with us, however we end.
 */
export class SmallDisk {
  /** Leads into it, also for other processes of the same user. */
  readonly path: string;
  readonly #holder: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(path: string, holder: ChildProcess, ended: Promise<unknown>) {
    this.path = path;
    this.#holder = holder;
    this.#ended = ended;
  }

  /**
   * Mounts one at a new folder `directory`. Throws {@link NoDiskError} where there is too little memory for it, or
   * where this system lets nobody mount.
   */
  static async make(directory: string): Promise<SmallDisk> {
    const freeMib = memoryMib();
    if (freeMib < MIB + BESIDE_MIB) {
      throw new NoDiskError(`it takes ${MIB} MiB of memory, and ${BESIDE_MIB} beside it, of which ${freeMib} are free`);
    }
    await mkdir(directory, { recursive: true, mode: 0o700 });
    // Whoever is not root is it in a user namespace of its own, which may mount memory.
    const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    const options = `size=${MIB}m,mode=0700`;
    // Ends when our end of its input closes: when we end.
    const script = `mount -t tmpfs -o ${options} citywatch-simulate "$0" && echo mounted && exec cat > /dev/null`;
    const words = [...user, '--mount', '--propagation', 'private', 'sh', '-c', script, directory];
    const holder = spawn('unshare', words, { env: PLAIN_ENVIRONMENT, cwd: '/', stdio: 'pipe' });
    let complaint = '';
    holder.stderr.on('data', (chunk) => {
      complaint += chunk;
    });
    const ended = once(holder, 'close').catch((error: Error) => {
      complaint += error.message;
    });
    const isMounted = await Promise.race([
      once(createInterface({ input: holder.stdout }), 'line').then(() => true),
      ended.then(() => false),
    ]);
    if (!isMounted) throw new NoDiskError(complaint.trim().split('\n')[0] || 'unshare ended');
    return new SmallDisk(join(`/proc/${holder.pid}/root`, directory), holder, ended);
  }

  /** Lets go of it; it is gone when nobody uses it any more. */
  async stop(): Promise<void> {
    this.#holder.stdin?.end();
    await this.#ended;
  }
}

function memoryMib(): number {
  const kib = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0);
  return Math.floor(kib / 1_024);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { TokenBucket } from '../../core/bounded.ts';
import type { Clock } from '../../core/clock.ts';
import type { FromSpawner, ProcessEnd, SpawnerSettings, ToSpawner } from './protocol.ts';

/** Time between asking a process to end and ending it. */
const TERMINATE_MS = 2_000;
/** Time for last words to arrive after the end. */
const LAST_WORDS_MS = 500;
const TAIL_CHARS = 4_096;
const LINES_KEPT = 10;
const LINE_CHARS = 300;

/**
 * Limits of one ffmpeg: no core file, few descriptors, and memory that no copy of a stream needs (it maps 0.3 GB of
 * libraries and thread stacks, of which it touches 50 MB). `setpriv` ends it when the spawner dies in any way.
 */
const GUARDED = [
  ...['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', '--'],
  ...['prlimit', '--core=0', '--nofile=64', '--as=1073741824', '--'],
];

/** ffmpeg sees nothing of our environment. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

interface Job {
  id: number;
  args: string[];
}

export interface ProcessesDeps {
  clock: Clock;
  send(message: FromSpawner): void;
}

/** Runs inside the spawner: the table of ffmpeg processes, their pace of starting and their end. */
export class Processes {
  readonly #deps: ProcessesDeps;
  readonly #settings: SpawnerSettings;
  readonly #bucket: TokenBucket;
  readonly #queue: Job[] = [];
  readonly #running = new Map<number, ChildProcess>();
  #pausing = false;

  constructor(deps: ProcessesDeps, settings: SpawnerSettings) {
    this.#deps = deps;
    this.#settings = settings;
    this.#bucket = new TokenBucket(settings.startsPerS, 1, deps.clock.monotonicMs());
  }

  handle(message: ToSpawner): void {
    if (message.type === 'stop') this.#stop(message.id);
    else this.#enqueue(message);
  }

  /** Ends everything at once: the gateway is gone. */
  killAll(): void {
    this.#queue.length = 0;
    for (const child of this.#running.values()) child.kill('SIGKILL');
  }

  #enqueue({ id, args, urgent }: Job & { urgent: boolean }): void {
    const full = this.#queue.length + this.#running.size >= this.#settings.processesMax;
    if (full) this.#notStarted(id, 'as many processes as allowed');
    else if (urgent) this.#queue.unshift({ id, args });
    else this.#queue.push({ id, args });
    this.#pump();
  }

  #pump(): void {
    if (this.#pausing) return;
    while (this.#queue.length > 0) {
      const waitMs = this.#bucket.take(1, this.#deps.clock.monotonicMs());
      if (waitMs > 0) {
        this.#pausing = true;
        void this.#deps.clock.sleep(waitMs).then(() => {
          this.#pausing = false;
          this.#pump();
        });
        return;
      }
      this.#start(this.#queue.shift()!);
    }
  }

  #start({ id, args }: Job): void {
    const [command = '', ...rest] = [...GUARDED, this.#settings.ffmpegPath, ...args];
    const child = spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'], env: ENVIRONMENT });
    let tail = '';
    let failure: Error | null = null;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-TAIL_CHARS);
    });
    child.once('error', (error) => {
      failure = error;
    });
    // Somebody it left behind may hold its standard error open; its own end is what counts.
    child.once('exit', () => this.#deps.clock.after(LAST_WORDS_MS, () => child.stderr?.destroy()));
    child.once('close', (code, signal) => {
      this.#running.delete(id);
      const end: ProcessEnd = { how: 'exited', code, signal, lines: lastLines(tail) };
      if (failure) this.#notStarted(id, failure.message);
      else this.#deps.send({ type: 'ended', id, end });
    });
    if (child.pid === undefined) return;
    this.#running.set(id, child);
    this.#deps.send({ type: 'started', id, pid: child.pid });
  }

  #stop(id: number): void {
    const queued = this.#queue.findIndex((job) => job.id === id);
    if (queued >= 0) {
      this.#queue.splice(queued, 1);
      this.#notStarted(id, 'no longer wanted');
      return;
    }
    const child = this.#running.get(id);
    if (!child) return;
    child.kill('SIGTERM');
    this.#deps.clock.after(TERMINATE_MS, () => {
      if (this.#running.get(id) === child) child.kill('SIGKILL');
    });
  }

  #notStarted(id: number, why: string): void {
    this.#deps.send({ type: 'ended', id, end: { how: 'not-started', code: null, signal: null, lines: [why] } });
  }
}

function lastLines(tail: string): string[] {
  return tail
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-LINES_KEPT)
    .map((line) => line.slice(0, LINE_CHARS));
}

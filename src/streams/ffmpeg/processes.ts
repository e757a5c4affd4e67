import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { TokenBucket } from '../../core/mechanisms/bounded.ts';
import { BARE_ENVIRONMENT } from './cage.ts';
import {
  type FfmpegTask,
  type FromSpawner,
  type ProcessEnd,
  RELAY,
  type SpawnerSettings,
  type ToSpawner,
} from './protocol.ts';

/** Time between asking a process to end and ending it. */
const TERMINATE_MS = 2_000;
/** Time for last words to arrive after the end. */
const LAST_WORDS_MS = 500;
const TAIL_CHARS = 4_096;
const LINES_KEPT = 10;
const LINE_CHARS = 300;
/** Before a process that gives way to others (19 is the least that there is). */
const GIVING_WAY = ['nice', '-n', '15'];

interface QueuedProcess {
  id: number;
  task: FfmpegTask;
}

export interface ProcessesDeps {
  clock: Clock;
  send(message: FromSpawner): void;
  /** Host and port of the relay as ffmpeg reaches it. */
  relay: string;
}

/** Runs inside the spawner: the table of ffmpeg processes, their pace of starting and their end. */
export class Processes {
  readonly #deps: ProcessesDeps;
  readonly #settings: SpawnerSettings;
  readonly #bucket: TokenBucket;
  readonly #queue: QueuedProcess[] = [];
  /** Jobs whose sockets are being opened (null until there is a process), and those that run. */
  readonly #running = new Map<number, ChildProcess | null>();
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
    for (const child of this.#running.values()) child?.kill('SIGKILL');
    this.#running.clear();
  }

  #enqueue({ id, task, urgent }: QueuedProcess & { urgent: boolean }): void {
    const full = this.#queue.length + this.#running.size >= this.#settings.processesMax;
    if (full) this.#notStarted(id, 'as many processes as allowed');
    else if (urgent) this.#queue.unshift({ id, task });
    else this.#queue.push({ id, task });
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
      void this.#start(this.#queue.shift()!);
    }
  }

  async #start({ id, task }: QueuedProcess): Promise<void> {
    this.#running.set(id, null);
    const ends: Socket[] = [];
    try {
      const open = async (path?: string) => {
        if (path === undefined) return 'ignore';
        const end = connect({ path }).pause();
        ends.push(end);
        await opened(end);
        return end;
      };
      const paths = [task.input, task.output, ...(task.second ? [task.second.input, task.second.output] : [])];
      const [input = 'ignore', output = 'ignore', ...more] = await Promise.all(paths.map(open));
      const stdio: StdioOptions = [input, output, 'pipe', ...more];
      if (this.#running.has(id)) this.#spawn({ id, task }, stdio);
      else this.#notStarted(id, 'no longer wanted');
    } catch (error) {
      this.#running.delete(id);
      this.#notStarted(id, messageOf(error));
    } finally {
      // The process has its own; ours would keep the other side from seeing its end.
      for (const end of ends) end.destroy();
    }
  }

  #spawn({ id, task }: QueuedProcess, stdio: StdioOptions): void {
    const args = task.args.map((one) => one.replaceAll(RELAY, this.#deps.relay));
    const way = task.gives ? GIVING_WAY : [];
    const [command = '', ...rest] = [...way, ...this.#settings.launcher, this.#settings.ffmpegPath, ...args];
    // A session of its own, so that it cannot signal us as one of its group.
    const child = spawn(command, rest, { stdio, env: BARE_ENVIRONMENT, detached: true });
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
    this.#deps.send({ type: 'started', id, pid: outsidePid(child.pid) });
  }

  #stop(id: number): void {
    const queued = this.#queue.findIndex((job) => job.id === id);
    if (queued >= 0) {
      this.#queue.splice(queued, 1);
      this.#notStarted(id, 'no longer wanted');
      return;
    }
    const child = this.#running.get(id);
    if (child === null) this.#running.delete(id);
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

function opened(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
}

/**
 * The number by which the gateway knows a child of ours: we live in process numbers of our own, but see the /proc of
 * the machine. The number as we know it where that does not tell.
 */
function outsidePid(pid: number): number {
  try {
    const own = readlinkSync('/proc/self');
    const children = readFileSync(`/proc/${own}/task/${own}/children`, 'utf8').trim().split(' ');
    const isIt = (id: string) =>
      readFileSync(`/proc/${id}/status`, 'utf8').match(/^NSpid:.*\t(\d+)$/m)?.[1] === `${pid}`;
    return Number(children.findLast(isIt) ?? pid);
  } catch {
    return pid;
  }
}

function lastLines(tail: string): string[] {
  return tail
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-LINES_KEPT)
    .map((line) => line.slice(0, LINE_CHARS));
}

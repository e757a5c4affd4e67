import { type ChildProcess, spawn } from 'node:child_process';
import { type Clock, deadline } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import { TokenBucket } from '../../core/mechanisms/bounded.ts';
import { supervise } from '../../core/mechanisms/supervise.ts';
import type { KnownSecrets, Observer } from '../../core/observe.ts';
import type { Random } from '../../core/random.ts';
import { countRestart, sayUp } from './child-metrics.ts';
import { lockForChild } from './leftovers.ts';

export interface ServiceDeps {
  clock: Clock;
  observer: Observer;
  secrets: KnownSecrets;
  /** {@link systemRandom} unless a test brings its own. */
  random?: Random;
}

export interface ChildSpec {
  /** Name in logs, metrics and error texts. */
  name: string;
  command: string;
  args: string[];
  /** The whole environment; nothing of ours is inherited. */
  env: Record<string, string>;
  cwd: string;
  /** What the kernel sends the child the moment we are gone. */
  deathSignal: 'KILL' | 'QUIT';
  stopSignal: 'SIGTERM' | 'SIGINT';
  /** The system user to run as; needs root. */
  user?: string;
  /** Held by the child and everything it forks, so that nothing is ever started beside a leftover. */
  lockPath: string;
  /** Called before each start, when the lock has shown that nothing of an earlier life is left. */
  tidy?(): Promise<void>;
  /** Told after each start of the process, before it is ready. */
  started?: (() => void) | undefined;
  /** Resolves when the server answers. Asked again and again, each time with 2 s to answer. */
  probe(signal: AbortSignal): Promise<void>;
  /** How long the server may take from its start to its first answer; replaying logs after a crash takes a while. */
  readyDeadlineMs?: number;
}

/** How long a start waits for a server that it can be without. */
export const USEFUL_PATIENCE_MS = 10_000;

const READY_DEADLINE_MS = 120_000;
const PROBE_DEADLINE_MS = 2_000;
const PROBE_EVERY_MS = 25;
/** Up for this long and the next end counts as a first one again. */
const PROVEN_MS = 10_000;
const STOP_GRACE_MS = 8_000;
/** How long we still read what an ended process wrote, when something it started keeps its output open. */
const LAST_WORDS_MS = 300;
const TAIL_LINES = 20;
const LINE_CHARS_MAX = 500;

/**
 * A server process that belongs to us: started through setpriv(1) so that the kernel ends it when we end, even by
 * kill -9; started again with backoff, on the same address, when it ends by itself; stopped with us.
 */
export class Child {
  readonly #spec: ChildSpec;
  readonly #deps: ServiceDeps;
  readonly #killNow = new AbortController();
  #supervised: ReturnType<typeof supervise> | null = null;
  #process: ChildProcess | null = null;
  #ready = false;
  #endLife = () => {};

  constructor(spec: ChildSpec, deps: ServiceDeps) {
    this.#spec = spec;
    this.#deps = deps;
  }

  get name(): string {
    return this.#spec.name;
  }

  /** Process id of the server; null while it is down. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  get ready(): boolean {
    return this.#ready;
  }

  restarts(): number {
    return this.#supervised?.restarts() ?? 0;
  }

  /** Resolves at the first answer. Rejects with `service.failed`, leaving nothing running, if the first try fails. */
  async start(): Promise<void> {
    try {
      await this.#firstTry();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * As {@link start} for a server that we can be without: it is tried again until {@link stop}. Resolves, and never
   * rejects, at the first answer, at the first failure, or after `patienceMs`; `ready` tells which.
   */
  async startOrRetry(patienceMs: number): Promise<void> {
    const patience = new AbortController();
    const first = this.#firstTry().catch((error: unknown) => {
      const { log } = this.#deps.observer;
      log.child({ part: this.name }).error({ reason: messageOf(error) }, 'could not be started; is tried again');
    });
    await Promise.race([first, this.#deps.clock.sleep(patienceMs, patience.signal)]);
    patience.abort();
  }

  /** Begins to supervise; resolves when the server answered, rejects if the first try failed. */
  #firstTry(): Promise<void> {
    let tried = false;
    return new Promise<void>((resolve, reject) => {
      const worker = async (signal: AbortSignal, healthy: () => void) => {
        const onReady = () => {
          tried = true;
          resolve();
        };
        const reason = await this.#run({ signal, healthy, onReady }).catch((error: unknown) => error);
        if (!tried) reject(reason);
        return reason;
      };
      const onEnd = (reason: unknown, pauseMs: number) => {
        if (tried) this.#sayEnded(reason, pauseMs);
        tried = true;
      };
      this.#supervised = supervise(worker, { name: this.name, clock: this.#deps.clock, maxBackoffMs: 10_000, onEnd });
    });
  }

  #sayEnded(reason: unknown, pauseMs: number): void {
    const { observer } = this.#deps;
    countRestart(observer, this.name);
    observer.log.child({ part: this.name }).warn({ reason: messageOf(reason), pauseMs }, 'ended; starts again');
  }

  /** Ends the server as {@link stop} does, and starts it again. Resolves at once. */
  restart(): void {
    this.#endLife();
  }

  /** Asks the server to end and kills it after 8 s, or as soon as `signal` is aborted. */
  async stop(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) this.#killNow.abort();
    signal?.addEventListener('abort', () => this.#killNow.abort(), { once: true });
    await this.#supervised?.stop();
  }

  /** One life of the process: start, ready, end. Returns (or throws) why it ended. */
  async #run({ signal, healthy, onReady }: Run): Promise<unknown> {
    const lock = await lockForChild(this.name, this.#spec.lockPath);
    await this.#spec.tidy?.();
    const life = new Life(this.#spec, this.#deps, lock.fd);
    await lock.release();
    this.#process = life.process;
    this.#spec.started?.();
    let forget = () => {};
    const asked = new Promise<void>((resolve) => {
      this.#endLife = resolve;
    });
    try {
      if (!signal.aborted) await this.#untilReady(life, signal);
      if (!signal.aborted) {
        this.#setReady(true);
        onReady();
        forget = this.#deps.clock.after(PROVEN_MS, healthy);
        await Promise.race([life.ended, aborted(signal), asked]);
      }
      return life.failure('ended');
    } finally {
      forget();
      this.#setReady(false);
      await this.#end(life);
      this.#process = null;
    }
  }

  #setReady(ready: boolean): void {
    this.#ready = ready;
    sayUp(this.#deps.observer, this.name, ready);
  }

  async #untilReady(life: Life, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const limit = deadline(clock, this.#spec.readyDeadlineMs ?? READY_DEADLINE_MS, signal);
    try {
      while (!signal.aborted) {
        if (life.over) throw await life.ended.then(() => life.failure('ended before it was ready'));
        if (limit.signal.aborted) throw life.failure('was not ready in time');
        const answer = deadline(clock, PROBE_DEADLINE_MS, limit.signal);
        const ready = await this.#spec.probe(answer.signal).then(
          () => true,
          () => false,
        );
        answer.cancel();
        if (ready) return;
        await clock.sleep(PROBE_EVERY_MS, limit.signal);
      }
    } finally {
      limit.cancel();
    }
  }

  async #end(life: Life): Promise<void> {
    if (!life.over) life.process.kill(this.#spec.stopSignal);
    const patience = new AbortController();
    const stop = () => patience.abort();
    this.#killNow.signal.addEventListener('abort', stop, { once: true });
    if (this.#killNow.signal.aborted) stop();
    await Promise.race([life.ended, this.#deps.clock.sleep(STOP_GRACE_MS, patience.signal)]);
    stop();
    this.#killNow.signal.removeEventListener('abort', stop);
    if (!life.over) life.process.kill('SIGKILL');
    await life.ended;
  }
}

interface Run {
  signal: AbortSignal;
  healthy: () => void;
  onReady: () => void;
}

/** One process from its start to its end, and the last lines it wrote. */
class Life {
  readonly process: ChildProcess;
  /** With its last words, which may come after its end. */
  readonly ended: Promise<void>;
  over = false;
  readonly #name: string;
  readonly #secrets: KnownSecrets;
  readonly #tail: string[] = [];
  #how = '';

  constructor(spec: ChildSpec, { clock, observer, secrets }: ServiceDeps, lockFd: number) {
    this.#name = spec.name;
    this.#secrets = secrets;
    const user = spec.user ? [`--reuid=${spec.user}`, `--regid=${spec.user}`, '--init-groups'] : [];
    const args = [...user, '--pdeathsig', spec.deathSignal, '--', spec.command, ...spec.args];
    const stdio = ['ignore', 'pipe', 'pipe', lockFd] as const;
    this.process = spawn('setpriv', args, { env: spec.env, cwd: spec.cwd, stdio: [...stdio], detached: true });
    const log = observer.log.child({ part: spec.name });
    const bucket = new TokenBucket(20, 200, clock.monotonicMs());
    const onLine = (line: string) => {
      this.#tail.push(line);
      if (this.#tail.length > TAIL_LINES) this.#tail.shift();
      if (bucket.take(1, clock.monotonicMs()) === 0) log.debug(line);
    };
    for (const stream of [this.process.stdout, this.process.stderr]) if (stream) readLines(stream, onLine);
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        this.#how = how;
        this.over = true;
        clock.after(LAST_WORDS_MS, resolve);
      };
      this.process.on('error', (error) => end(error.message));
      this.process.on('exit', (status, signal) => end(signal ? `by ${signal}` : `with status ${status}`));
      this.process.on('close', () => resolve());
    });
  }

  failure(what: string): CitywatchError {
    const lines = this.#secrets.redact(this.#tail.slice(-5).join(' | '));
    const detail = [`${this.#name} ${what}`, this.#how, lines && `(${lines})`].filter(Boolean).join(' ');
    return new CitywatchError('service.failed', { detail: `${detail}.` });
  }
}

/** Calls `onLine` for each line, at most 500 characters of it; what is beyond is dropped, never kept in memory. */
function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(0, LINE_CHARS_MAX);
    for (const line of lines) if (line.trim()) onLine(line.trim().slice(0, LINE_CHARS_MAX));
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

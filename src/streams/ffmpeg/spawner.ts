import { type ChildProcess, spawn } from 'node:child_process';
import { Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Clock, deadline } from '../../core/clock.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import { supervise } from '../../core/mechanisms/supervise.ts';
import { Counter, Gauge, type Observer } from '../../core/observe.ts';
import { BARE_ENVIRONMENT, type Cage, programPath } from './cage.ts';
import {
  type FfmpegTask,
  type ProcessEnd,
  parseFromSpawner,
  type SpawnerSettings,
  type ToSpawner,
} from './protocol.ts';

const ENTRY = fileURLToPath(new URL('./spawner-process.ts', import.meta.url));
const READY_MS = 15_000;
const LAST_MOMENT_MS = 1_000;

export interface SpawnerDeps {
  clock: Clock;
  observer: Observer;
  /** Who answers ffmpeg: gets the socket that is listened on in the network of ffmpeg, anew for each spawner. */
  relay: { serve(listener: Server): void };
  /** The cage, asked for once: what was had is never given up for less. */
  cage(): Promise<Cage>;
}

/** One ffmpeg process as the gateway sees it. */
export interface VideoProcess {
  /** Resolves, never rejects, when the process is gone; also when it never came to be. */
  ended: Promise<ProcessEnd>;
  /** Asks it to end: SIGTERM, two seconds later SIGKILL. */
  stop(): void;
}

interface PendingProcess {
  message: Extract<ToSpawner, { type: 'start' }>;
  sent: boolean;
  done(end: ProcessEnd): void;
}

export type SpawnerOptions = Omit<SpawnerSettings, 'launcher'>;

/**
 * The gateway's end of the spawner: keeps that process running from the first process that is wanted on, and hands it
 * the argument lists to run. A gateway that needs no ffmpeg saves its memory and its start. When the spawner dies,
 * every ffmpeg dies with it (`setpriv --pdeathsig`) and each running job ends as `lost`.
 */
export class Spawner {
  readonly #deps: SpawnerDeps;
  readonly #settings: SpawnerOptions;
  readonly #jobs = new Map<number, PendingProcess>();
  readonly #pids = new Map<number, number>();
  readonly #restarts: Counter;
  readonly #wanted: Promise<void>;
  #want: () => void = () => {};
  #isWanted = false;
  #child: ChildProcess | null = null;
  #ready = false;
  #cage: Promise<Cage> | null = null;
  #nextId = 1;
  #supervised: { stop(): Promise<void> } | null = null;

  constructor(deps: SpawnerDeps, settings: SpawnerOptions) {
    this.#deps = deps;
    this.#settings = settings;
    this.#wanted = new Promise((resolve) => {
      this.#want = resolve;
    });
    const registers = [deps.observer.metrics];
    this.#restarts = new Counter({
      name: 'citywatch_spawner_restarts_total',
      help: 'How often the process that starts ffmpeg had to be started again.',
      registers,
    });
    const jobs = this.#jobs;
    new Gauge({
      name: 'citywatch_ffmpeg_processes',
      help: 'ffmpeg processes running or about to start.',
      registers,
      collect() {
        this.set(jobs.size);
      },
    });
  }

  /** Whether it should run and does not; nothing is wrong while nothing needs it. */
  get down(): boolean {
    return this.#isWanted && this.#child === null;
  }

  /** Process id of the spawner while it runs. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Process ids of the ffmpeg processes running now. */
  get processIds(): number[] {
    return [...this.#pids.values()];
  }

  start(): void {
    this.#supervised ??= supervise((signal, healthy) => this.#work(signal, healthy), {
      name: 'spawner',
      clock: this.#deps.clock,
      maxBackoffMs: 5_000,
      onEnd: (reason, pauseMs) => {
        this.#restarts.inc();
        this.#deps.observer.log.error({ reason: String(reason), pauseMs }, 'the ffmpeg spawner ended');
      },
    });
  }

  async stop(): Promise<void> {
    await this.#supervised?.stop();
    this.#supervised = null;
    for (const job of [...this.#jobs.values()]) job.done(noProcess('the server is being stopped'));
  }

  /** Starts what starts ffmpeg, unless it runs. */
  want(): void {
    this.#isWanted = true;
    this.#want();
  }

  /** Runs ffmpeg as soon as the spawner can. `urgent` ones overtake those that wait for their turn. */
  run(task: FfmpegTask, { urgent = false } = {}): VideoProcess {
    this.want();
    const id = this.#nextId++;
    if (!this.#supervised || this.#jobs.size >= this.#settings.processesMax) {
      return { ended: Promise.resolve(noProcess('as many processes as allowed')), stop: () => {} };
    }
    const ended = new Promise<ProcessEnd>((resolve) => {
      const done = (end: ProcessEnd) => {
        this.#jobs.delete(id);
        this.#pids.delete(id);
        resolve(end);
      };
      this.#jobs.set(id, { message: { type: 'start', id, task, urgent }, sent: false, done });
    });
    this.#sendWaiting();
    return { ended, stop: () => this.#stopJob(id) };
  }

  #stopJob(id: number): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    if (job.sent) this.#send({ type: 'stop', id });
    else job.done(noProcess('no longer wanted'));
  }

  #sendWaiting(): void {
    if (!this.#ready) return;
    for (const job of this.#jobs.values()) {
      if (job.sent) continue;
      job.sent = true;
      this.#send(job.message);
    }
  }

  #send(message: ToSpawner): void {
    // A channel that closed is seen as the child's exit; the callback keeps the failed send from being thrown.
    if (this.#child?.connected) this.#child.send(message, () => {});
  }

  async #work(signal: AbortSignal, healthy: () => void): Promise<unknown> {
    this.#cage ??= this.#deps.cage();
    const { around, launcher } = await this.#cage;
    await orAborted(this.#wanted, signal).catch(() => {});
    if (signal.aborted) return 'stopped';
    const settings: SpawnerSettings = {
      ...this.#settings,
      ffmpegPath: programPath(this.#settings.ffmpegPath),
      launcher,
    };
    const node = [process.execPath, '--max-old-space-size=64', ENTRY, JSON.stringify(settings)];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--no-new-privs', '--', ...around, ...node], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: BARE_ENVIRONMENT,
      // Its own session: Ctrl-C in a terminal is for the gateway, which then ends what it started in order.
      detached: true,
    });
    this.#child = child;
    const ready = deadline(this.#deps.clock, READY_MS);
    ready.signal.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
    child.on('message', (raw, handle) => {
      // What comes too late is nobody's, and would be kept open by nobody.
      if (signal.aborted && handle instanceof Server) handle.close();
      else if (this.#receive(raw, handle)) return;
      ready.cancel();
      healthy();
    });
    // A socket that is on its way would be lost in the channel, and keep our process from ending: so that stays open.
    const leave = () => (this.#ready ? this.#dismiss(child) : void child.kill('SIGKILL'));
    signal.addEventListener('abort', leave, { once: true });
    const reason = await new Promise<unknown>((resolve) => {
      child.once('error', (error) =>
        resolve(new Error(`setpriv (Debian: util-linux) did not start: ${error.message}`)),
      );
      child.once('exit', (code, by) => resolve(by ?? `exit status ${code}`));
    });
    signal.removeEventListener('abort', leave);
    ready.cancel();
    this.#lost();
    this.#letGo(child);
    return reason;
  }

  /** Handles one message; false for the first, which says that it is ready. */
  #receive(raw: unknown, handle: unknown): boolean {
    const message = parseFromSpawner(raw);
    if (message?.type === 'started') this.#pids.set(message.id, message.pid);
    else if (message?.type === 'ended') this.#jobs.get(message.id)?.done(message.end);
    else if (message?.type === 'ready' && handle instanceof Server) {
      this.#deps.relay.serve(handle);
      this.#ready = true;
      this.#sendWaiting();
      return false;
    }
    return true;
  }

  #dismiss(child: ChildProcess): void {
    if (child.connected) child.disconnect();
    const cancel = this.#deps.clock.after(LAST_MOMENT_MS, () => child.kill('SIGKILL'));
    child.once('exit', cancel);
  }

  /**
   * Whoever is killed between its fork and its word that the child goes with it (util-linux, `unshare --kill-child`)
   * leaves a spawner behind that has the channel: without it that ends. A socket on its way comes within this moment.
   */
  #letGo(child: ChildProcess): void {
    if (!child.connected) return;
    const cancel = this.#deps.clock.after(LAST_MOMENT_MS, () => child.disconnect());
    child.once('disconnect', cancel);
  }

  #lost(): void {
    this.#ready = false;
    this.#child = null;
    for (const job of [...this.#jobs.values()].filter(({ sent }) => sent)) {
      job.done({ how: 'lost', code: null, signal: null, lines: [] });
    }
  }
}

function noProcess(why: string): ProcessEnd {
  return { how: 'not-started', code: null, signal: null, lines: [why] };
}

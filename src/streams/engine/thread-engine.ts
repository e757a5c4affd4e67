import { Worker } from 'node:worker_threads';
import { type Clock, HOUR_MS } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import { SayOnce } from '../../core/mechanisms/say-once.ts';
import type { Logger } from '../../core/observe.ts';
import type { Part } from '../fmp4/parser.ts';
import { StreamFailure } from '../pool/types.ts';
import type { CalledOff, Engine, EngineRun } from './engine.ts';
import { bytesOf } from './outlet.ts';
import { type FromThread, failureOf, type ThreadSettings, type ToThread, told } from './protocol.ts';

/** Cameras of one thread: as many as are lost when it dies, against some 8 MiB that a thread needs by itself. */
const CAMERAS_PER_THREAD = 32;
/** What JavaScript of a thread may use; the video itself lies outside of it, within limits of each camera. */
const LIMITS = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };
/** A run that is called off and does not end within this hangs, and its thread with it. */
const HANG_MS = 5_000;
/** Cameras whose video is left to another engine, and how long that is believed. */
const UNFIT_MAX = 2_000;
const UNFIT_MS = HOUR_MS;

export interface ThreadEngineDeps extends ThreadSettings {
  clock: Clock;
  log: Logger;
  /** Told of fragments that were left out, for the counter. */
  dropped(fragments: number): void;
  /** Told of packets that did not come over UDP. */
  lost?(packets: number): void;
  /** Program of a thread, unless a test brings one. */
  program?: URL;
}

/** Threads of ours, each for many cameras: H.264 and H.265 whose pictures come in order, without any process. */
export class ThreadEngine implements Engine {
  readonly #deps: ThreadEngineDeps;
  readonly #threads = new Set<Thread>();
  readonly #unfit = new BoundedMap<string, number>(UNFIT_MAX);

  constructor(deps: ThreadEngineDeps) {
    this.#deps = deps;
  }

  async run(run: EngineRun, signal: AbortSignal): Promise<StreamFailure | 'unfit'> {
    const { clock } = this.#deps;
    // With its sound it may be another matter than without.
    const key = `${run.camera.sound === true} ${run.camera.url}`;
    const unfitAtMs = this.#unfit.get(key);
    if (unfitAtMs !== undefined && clock.monotonicMs() - unfitAtMs < UNFIT_MS) return 'unfit';
    const thread = this.#withRoom();
    const outcome = await thread.run(run, signal);
    if (outcome === 'unfit') this.#unfit.set(key, clock.monotonicMs());
    if (thread.runs === 0 && this.#threads.size > 1) await thread.stop();
    return outcome;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.stop()));
  }

  #withRoom(): Thread {
    for (const thread of this.#threads) if (thread.hasRoom) return thread;
    const thread = new Thread(this.#deps, () => this.#threads.delete(thread));
    this.#threads.add(thread);
    return thread;
  }
}

interface Running extends Pick<EngineRun, 'deviceId' | 'admit' | 'onPart'> {
  done(outcome: StreamFailure | 'unfit'): void;
}

/** One thread as the gateway sees it. */
class Thread {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #worker: Worker;
  readonly #running = new Map<number, Running>();
  readonly #dropped: ThreadEngineDeps['dropped'];
  readonly #lost: ThreadEngineDeps['lost'];
  readonly #said: SayOnce;
  #nextId = 1;
  #stopping = false;
  #over = false;

  constructor(deps: ThreadEngineDeps, gone: () => void) {
    const { clock, log, networks, megabitsPerS, udpPorts = null, program } = deps;
    this.#clock = clock;
    this.#log = log;
    this.#dropped = deps.dropped;
    this.#lost = deps.lost;
    this.#said = new SayOnce(clock);
    const settings: ThreadSettings = { networks, megabitsPerS, udpPorts };
    this.#worker = new Worker(program ?? new URL('./thread.ts', import.meta.url), {
      name: 'video',
      workerData: settings,
      resourceLimits: LIMITS,
      execArgv: [],
      env: {},
    });
    this.#worker.unref();
    this.#worker.on('message', (message: FromThread) => this.#receive(message));
    this.#worker.on('error', (error) => log.error({ error: messageOf(error) }, 'a thread of video died'));
    this.#worker.once('exit', () => {
      this.#over = true;
      gone();
      for (const { done } of [...this.#running.values()]) done(lost());
    });
  }

  /** Runs in it now. */
  get runs(): number {
    return this.#running.size;
  }

  get hasRoom(): boolean {
    return !this.#stopping && this.runs < CAMERAS_PER_THREAD;
  }

  run({ deviceId, camera, admit, onPart }: EngineRun, signal: AbortSignal): Promise<StreamFailure | 'unfit'> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve) => {
      let cancelHang = () => {};
      const called = () => {
        const cause = signal.reason as CalledOff;
        this.#tell({ type: 'stop', id, cause: cause instanceof StreamFailure ? told(cause) : cause });
        cancelHang = this.#clock.after(HANG_MS, () => {
          this.#log.error({}, 'a thread of video hangs and is ended');
          void this.stop();
        });
      };
      const done = (outcome: StreamFailure | 'unfit') => {
        cancelHang();
        signal.removeEventListener('abort', called);
        this.#running.delete(id);
        resolve(outcome);
      };
      this.#running.set(id, { deviceId, admit, onPart, done });
      if (this.#over) return done(lost());
      this.#tell({ type: 'open', id, camera });
      if (signal.aborted) called();
      else signal.addEventListener('abort', called, { once: true });
    });
  }

  /** Ends it, and nothing is begun in it meanwhile. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#worker.terminate();
  }

  #tell(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromThread): void {
    const { id } = message;
    const running = this.#running.get(id);
    if (message.type === 'part') {
      const part = withBuffers(message.part);
      running?.onPart(part);
      this.#tell({ type: 'taken', id, bytes: bytesOf(part) });
    } else if (message.type === 'lost') this.#lost?.(message.packets);
    else if (message.type === 'dropped') this.#leftOut(message.fragments, running?.deviceId ?? '');
    else if (!running) return;
    else if (message.type === 'reached') void this.#admit(id, running);
    else running.done(message.outcome === 'unfit' ? message.outcome : failureOf(message.outcome));
  }

  #leftOut(fragments: number, deviceId: string): void {
    this.#dropped(fragments);
    if (!this.#said.due(deviceId)) return;
    this.#log.warn({ deviceId, fragments }, 'parts of a video were left out: it came faster than it could be taken');
  }

  async #admit(id: number, { admit }: Running): Promise<void> {
    const refused = await admit().catch((error: unknown) => new StreamFailure('lookup', undefined, error));
    this.#tell({ type: 'admitted', id, refused: refused && told(refused) });
  }
}

function lost(): StreamFailure {
  return new StreamFailure('ffmpeg', 'The thread that packs it ended.');
}

/** Buffers arrive as plain arrays of bytes. */
function withBuffers(part: Part): Part {
  if (part.type === 'init') return { type: 'init', init: { ...part.init, data: bufferOf(part.init.data) } };
  return { type: 'fragment', fragment: { ...part.fragment, data: bufferOf(part.fragment.data) } };
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

import type { Socket } from 'node:net';
import { CitywatchError } from '../../core/errors.ts';
import type { Logger } from '../../core/observe.ts';
import { calledOff, readParts } from '../engine/coded-parts.ts';
import { recodeTask, type Size } from '../ffmpeg/arguments.ts';
import type { LocalSocket, LocalSockets } from '../ffmpeg/local-sockets.ts';
import type { Spawner, VideoProcess } from '../ffmpeg/spawner.ts';
import type { TranscodeBudget } from '../ffmpeg/transcode-budget.ts';
import type { Epoch } from '../fmp4/live-window.ts';
import type { InitSegment, Part } from '../fmp4/parser.ts';
import type { Fragment } from '../fmp4/wall-clock.ts';
import type { Consumer } from '../pool/consumers.ts';
import type { StreamLease } from '../pool/pool.ts';
import type { RunTarget } from '../pool/run.ts';
import { asFailure, StreamFailure } from '../pool/types.ts';
import type { Use } from '../pool/uses.ts';
import { VideoStream } from './video-stream.ts';

export interface RecodeDeps {
  log: Logger;
  sockets: Pick<LocalSockets, 'open'>;
  spawner: Pick<Spawner, 'run'>;
  budget: Pick<TranscodeBudget, 'tryEnter'>;
  lease(ask: RunTarget & { use: Use }): Promise<StreamLease>;
}

const WIDTH_MAX = 1_280;
/** What one takes of a core, percent: to code up to a million points, and to decode each million that comes. */
const BASE_PCT = 25;
const MEGAPIXEL_PCT = 12;
/** What may wait for ffmpeg: pictures beyond it are left out, up to the next key frame. */
const BACKLOG_BYTES = 8 * 1024 * 1024;

/**
 * One run of a camera as H.264: what the pool pulls of it anyway, coded anew where it is H.265 and as it is where it is
 * not. It is as `runPull` of a camera: until `signal` is aborted or something breaks; answers why, after everything it
 * began is gone.
 */
export async function runRecode(
  deps: RecodeDeps,
  target: RunTarget,
  onPart: (part: Part) => void,
  signal: AbortSignal,
): Promise<StreamFailure> {
  let lease: StreamLease;
  try {
    lease = await deps.lease({ ...target, use: 'live' });
  } catch (error) {
    return error instanceof CitywatchError ? new StreamFailure('busy') : asFailure(error, 'lookup');
  }
  const recoder = new Recoder(deps, onPart);
  const unlisten = lease.listen(recoder);
  try {
    return await Promise.race([recoder.ended, calledOff(signal)]);
  } finally {
    unlisten();
    await recoder.stop();
    lease.release();
  }
}

/** Takes what a camera sends, and gives it on as H.264. */
class Recoder implements Consumer {
  readonly ended: Promise<StreamFailure>;
  readonly #deps: RecodeDeps;
  readonly #onPart: (part: Part) => void;
  #end: (failure: StreamFailure) => void = () => {};
  #isPlain = false;
  #coding: Coding | null = null;
  /** Those that are not quite gone yet. */
  readonly #stopping = new Set<Promise<void>>();

  constructor(deps: RecodeDeps, onPart: (part: Part) => void) {
    this.#deps = deps;
    this.#onPart = onPart;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  epoch({ init }: Epoch): void {
    this.#endCoding();
    this.#isPlain = !/^h(vc|ev)1/.test(init.movie.codec);
    if (this.#isPlain) this.#onPart({ type: 'init', init });
    else this.#begin(init);
  }

  fragment(fragment: Fragment): void {
    try {
      if (this.#isPlain) this.#onPart({ type: 'fragment', fragment });
      else this.#coding?.take(fragment);
    } catch (error) {
      this.#end(asFailure(error, 'nonsense'));
    }
  }

  failed(failure: StreamFailure): void {
    this.#end(failure);
  }

  async stop(): Promise<void> {
    this.#endCoding();
    await Promise.all(this.#stopping);
  }

  #begin(init: InitSegment): void {
    const leave = this.#deps.budget.tryEnter('recode', costPct(init.movie));
    if (!leave) {
      this.#end(new StreamFailure('busy'));
      return;
    }
    try {
      this.#coding = new Coding(this.#deps, init, this.#onPart);
    } catch (error) {
      leave();
      this.#end(asFailure(error, 'nonsense'));
      return;
    }
    void this.#coding.ended.then((failure) => {
      leave();
      if (failure) this.#end(failure);
    });
  }

  #endCoding(): void {
    const coding = this.#coding;
    this.#coding = null;
    if (!coding) return;
    const gone = coding.stop().finally(() => this.#stopping.delete(gone));
    this.#stopping.add(gone);
  }
}

/** One ffmpeg that codes the video behind one beginning. */
class Coding {
  /** Why it ended by itself; null where it was stopped. */
  readonly ended: Promise<StreamFailure | null>;
  readonly #stream: VideoStream;
  readonly #stopped = new AbortController();
  #socket: Socket | null = null;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isBehind = false;

  /** Throws {@link BoxError} where the video is none. */
  constructor(deps: RecodeDeps, init: InitSegment, onPart: (part: Part) => void) {
    this.#stream = new VideoStream(init);
    this.#waiting.push(this.#stream.head);
    this.ended = this.#run(deps, recodedSize(init.movie), onPart);
  }

  /** Throws {@link BoxError} where the pictures are not all there. */
  take({ data, key }: Fragment): void {
    const isFull = this.#waitingBytes + (this.#socket?.writableLength ?? 0) > BACKLOG_BYTES;
    this.#isBehind = isFull || (this.#isBehind && !key);
    if (this.#isBehind) return;
    const pictures = this.#stream.next(data);
    if (this.#socket) {
      this.#socket.write(pictures);
      return;
    }
    this.#waiting.push(pictures);
    this.#waitingBytes += pictures.length;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.ended;
  }

  async #run(deps: RecodeDeps, size: Size, onPart: (part: Part) => void): Promise<StreamFailure | null> {
    const { sockets, spawner, log } = deps;
    const { signal } = this.#stopped;
    const ends: LocalSocket[] = [];
    let process: VideoProcess | null = null;
    try {
      const [input, output] = [await sockets.open(), await sockets.open()];
      ends.push(input, output);
      process = spawner.run(recodeTask({ input: input.path, output: output.path }, size));
      void input.connection.then((socket) => this.#begin(socket), ignored);
      const take = (part: Part): void => {
        if (!signal.aborted) onPart(part);
      };
      const ended = process.ended.then((end) => {
        if (!signal.aborted) log.warn({ ...end }, 'what codes a camera as H.264 ended');
        return new StreamFailure(end.how === 'not-started' ? 'not-started' : 'ffmpeg');
      });
      const unusable = output.connection.then((socket) => readParts(socket, take)).catch(() => ended);
      return await Promise.race([ended, unusable, calledOff(signal).then(() => null)]);
    } catch (error) {
      return new StreamFailure('not-started', undefined, error);
    } finally {
      process?.stop();
      await process?.ended;
      for (const end of ends) end.close();
    }
  }

  #begin(socket: Socket): void {
    for (const part of this.#waiting) socket.write(part);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#socket = socket;
  }
}

function costPct({ width, height }: Size): number {
  return Math.round(BASE_PCT + (MEGAPIXEL_PCT * width * height) / 1e6);
}

/** At most 1,280 points wide, in even numbers, as the coder takes them. */
export function recodedSize({ width, height }: Size): Size {
  const scale = Math.min(1, WIDTH_MAX / Math.max(1, width));
  const fit = (points: number): number => Math.max(16, 2 * Math.floor((points * scale) / 2));
  return { width: fit(width), height: fit(height) };
}

function ignored(): void {}

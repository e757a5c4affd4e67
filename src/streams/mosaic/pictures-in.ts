import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { tileTask } from '../ffmpeg/arguments.ts';
import type { LocalSocket, LocalSockets } from '../ffmpeg/local-sockets.ts';
import type { Spawner, VideoProcess } from '../ffmpeg/spawner.ts';
import { bareVideo } from '../fmp4/annex-b.ts';
import type { Epoch } from '../fmp4/live-window.ts';
import type { Fragment } from '../fmp4/wall-clock.ts';
import type { Consumer } from '../pool/consumers.ts';
import { type Place, pictureBytes } from './canvas.ts';

export interface PicturesInDeps {
  clock: Clock;
  sockets: Pick<LocalSockets, 'open'>;
  spawner: Pick<Spawner, 'run'>;
}

/** Between two processes for one camera whose video ends them. */
const AGAIN_MS = 5_000;
/** What may wait for a process that does not read. */
const BACKLOG_BYTES = 4 * 1024 * 1024;
/** Pictures on their way through a process. */
const UNDER_WAY_MAX = 8;
/** A unit that ends a picture (access unit delimiter), and where another begins: else it comes out with the next. */
const ENDS = {
  h264: Buffer.from([0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1]),
  hevc: Buffer.from([0, 0, 0, 1, 0x46, 1, 0x50, 0, 0, 0, 1]),
} as const;

interface Running {
  format: keyof typeof ENDS;
  input: LocalSocket;
  output: LocalSocket;
  process: VideoProcess;
  socket: Socket | null;
  /** When the pictures were taken that went in and did not come out. */
  takenAtMs: number[];
}

/** Decodes the key frames of one camera to raw pixels of one size, in a process of its own. */
export class PicturesIn implements Consumer {
  /** The newest picture, and when it was taken (Unix ms); null before the first, and where the video ended. */
  newest: { pixels: Buffer; atMs: number } | null = null;
  readonly #deps: PicturesInDeps;
  readonly #size: Pick<Place, 'width' | 'height'>;
  #epoch: Epoch | null = null;
  #running: Running | null = null;
  #isStarting = false;
  #notBeforeMs = 0;
  #isOver = false;

  constructor(deps: PicturesInDeps, size: Pick<Place, 'width' | 'height'>) {
    this.#deps = deps;
    this.#size = size;
  }

  epoch(epoch: Epoch): void {
    this.#epoch = epoch;
  }

  fragment(fragment: Fragment): void {
    if (!fragment.key || !this.#epoch || this.#isOver) return;
    const { format, data } = bareVideo(this.#epoch.init, [fragment], { picturesMax: 1 });
    if (this.#running && this.#running.format !== format) this.#end();
    const running = this.#running;
    if (!running) return void this.#start(format);
    const { socket, takenAtMs } = running;
    if (!socket || socket.writableLength > BACKLOG_BYTES || takenAtMs.length >= UNDER_WAY_MAX) return;
    takenAtMs.push(fragment.startsAtMs);
    socket.write(Buffer.concat([data, ENDS[format]]));
  }

  /** What was shown last is of before: nobody takes it for now. */
  failed(): void {
    this.newest = null;
  }

  stop(): void {
    this.#isOver = true;
    this.newest = null;
    this.#end();
  }

  #end(): void {
    const running = this.#running;
    this.#running = null;
    running?.process.stop();
    running?.input.close();
    running?.output.close();
  }

  async #start(format: keyof typeof ENDS): Promise<void> {
    const { clock, sockets, spawner } = this.#deps;
    if (this.#isStarting || clock.monotonicMs() < this.#notBeforeMs) return;
    this.#isStarting = true;
    this.#notBeforeMs = clock.monotonicMs() + AGAIN_MS;
    try {
      const input = await sockets.open();
      const output = await sockets.open();
      const process = spawner.run(tileTask({ format, input: input.path, output: output.path }, this.#size));
      const running: Running = { format, input, output, process, socket: null, takenAtMs: [] };
      this.#running = running;
      void process.ended.then(() => {
        input.close();
        output.close();
        if (this.#running === running) this.#running = null;
      });
      if (this.#isOver) return this.#end();
      void input.connection.then((socket) => {
        running.socket = socket;
      }, ignored);
      void output.connection.then((socket) => this.#read(socket, running), ignored);
    } catch {
      // No socket can be had now: it is tried again.
    } finally {
      this.#isStarting = false;
    }
  }

  #read(socket: Socket, running: Running): void {
    const bytes = pictureBytes(this.#size);
    let picture = Buffer.allocUnsafe(bytes);
    let filled = 0;
    socket.on('data', (chunk: Buffer) => {
      for (let from = 0; from < chunk.length; ) {
        const taken = chunk.copy(picture, filled, from, from + bytes - filled);
        from += taken;
        filled += taken;
        if (filled < bytes) return;
        const atMs = running.takenAtMs.shift();
        if (atMs !== undefined && this.#running === running) this.newest = { pixels: picture, atMs };
        picture = Buffer.allocUnsafe(bytes);
        filled = 0;
      }
    });
  }
}

function ignored(): void {}

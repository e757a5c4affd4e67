import { type Clock, deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import type { LocalSocket, LocalSockets } from '../ffmpeg/local-sockets.ts';
import type { FfmpegTask } from '../ffmpeg/protocol.ts';
import type { Spawner } from '../ffmpeg/spawner.ts';
import { asFailure, StreamFailure } from '../pool/types.ts';

export interface DecoderDeps {
  clock: Clock;
  sockets: LocalSockets;
  spawner: Spawner;
}

export interface DecoderLimits {
  /** Runs of ffmpeg at the same time. */
  atOnceMax: number;
  /** Who waits for one of them; one more is refused with `stream.full`. */
  waitingMax: number;
  /** For one run and its wait for a place; 5 s unless given. */
  deadlineMs?: number;
  /** What is said of a picture that was not decoded in time. */
  late(): StreamFailure;
}

/** What ffmpeg is given, and how its answer is read. */
export interface Decoding<Result> {
  data: Buffer;
  /** Of the same camera, so that nobody else's picture is within reach of what is decoded here. */
  second?: Buffer;
  taskOf(first: SocketPaths, second: SocketPaths | undefined): FfmpegTask;
  /** Never resolves where nothing comes: then the end of ffmpeg decides. */
  read(first: LocalSocket, second: LocalSocket | undefined): Promise<Result>;
}

/** Of local sockets that nothing else is sent through. */
export interface SocketPaths {
  input: string;
  output: string;
}

const DEADLINE_MS = 5_000;
/** What ffmpeg wrote before it ended is read as soon as this process gets to it; past this there was no connection. */
const LAST_BYTES_MS = 2_000;
const SETTLE_MS = 200;

/** Has coded pictures decoded by ffmpeg in its cage, a few at a time. */
export class Decoder {
  readonly #deps: DecoderDeps;
  readonly #limits: DecoderLimits;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(deps: DecoderDeps, limits: DecoderLimits) {
    this.#deps = deps;
    this.#limits = limits;
  }

  /** Pictures will come soon: what starts ffmpeg may take as long to start as a camera to answer. */
  prepare(): void {
    this.#deps.spawner.want();
  }

  /** `choose` is asked in its turn. Rejects with {@link StreamFailure} in time, and at once with `signal`. */
  async run<Result>(choose: () => Decoding<Result>, signal?: AbortSignal): Promise<Result> {
    const limit = deadline(this.#deps.clock, this.#limits.deadlineMs ?? DEADLINE_MS, signal);
    try {
      await this.#turn(limit.signal);
      try {
        return await this.#decode(choose, limit.signal);
      } finally {
        this.#running -= 1;
        this.#waiting.shift()?.();
      }
    } catch (error) {
      throw limit.signal.aborted ? this.#limits.late() : error;
    } finally {
      limit.cancel();
    }
  }

  /** Waits for one of the few places; whoever gets one must give it back. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { atOnceMax, waitingMax } = this.#limits;
    while (this.#running >= atOnceMax) {
      if (this.#waiting.length >= waitingMax) throw new CitywatchError('stream.full', { retryAfterS: 2 });
      let wake = () => {};
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      this.#waiting.push(wake);
      await orAborted(woken, signal).catch((error: unknown) => {
        const at = this.#waiting.indexOf(wake);
        if (at >= 0) this.#waiting.splice(at, 1);
        else this.#waiting.shift()?.();
        throw error;
      });
    }
    this.#running += 1;
  }

  async #decode<Result>(choose: () => Decoding<Result>, signal: AbortSignal): Promise<Result> {
    const { sockets, spawner, clock } = this.#deps;
    const opened: LocalSocket[] = [];
    try {
      const { data, second, taskOf, read } = choose();
      const open = async (fed: Buffer): Promise<{ output: LocalSocket; paths: SocketPaths }> => {
        const input = await sockets.open();
        opened.push(input);
        void input.connection.then((socket) => socket.end(fed)).catch(() => {});
        const output = await sockets.open();
        opened.push(output);
        return { output, paths: { input: input.path, output: output.path } };
      };
      const one = await open(data);
      const other = second && (await open(second));
      const process = spawner.run(taskOf(one.paths, other?.paths), { urgent: true });
      try {
        const ended = process.ended.then(async (): Promise<never> => {
          const outputs = other ? [one.output, other.output] : [one.output];
          await Promise.race([Promise.all(outputs.map(closed)), clock.sleep(LAST_BYTES_MS, signal)]);
          await clock.sleep(SETTLE_MS, signal);
          throw new StreamFailure('nonsense', 'Its picture cannot be decoded.');
        });
        return await orAborted(Promise.race([read(one.output, other?.output), ended]), signal);
      } finally {
        process.stop();
      }
    } catch (error) {
      throw asFailure(error, 'ffmpeg');
    } finally {
      for (const local of opened) local.close();
    }
  }
}

/** Resolves when all that came through it was read. */
async function closed({ connection }: LocalSocket): Promise<void> {
  const socket = await connection.catch(() => null);
  if (socket && !socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

import { type Clock, deadline } from '../../core/clock.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import { greyTask, stillTask } from '../ffmpeg/arguments.ts';
import type { LocalSocket, LocalSockets } from '../ffmpeg/local-sockets.ts';
import type { FfmpegTask } from '../ffmpeg/protocol.ts';
import type { Spawner } from '../ffmpeg/spawner.ts';
import { asFailure, StreamFailure } from '../pool/types.ts';
import type { CodedPicture } from './first-picture.ts';
import { type GreyPicture, readGrey } from './grey-picture.ts';

export interface LooksDeps {
  clock: Clock;
  sockets: LocalSockets;
  spawner: Spawner;
}

const AT_ONCE_MAX = 4;
const DEADLINE_MS = 5_000;
const SETTLE_MS = 200;
/** A grey picture of 8K. */
const GREY_BYTES_MAX = 36 * 1024 * 1024;
const JPEG_BYTES_MAX = 4 * 1024 * 1024;

/** Decodes single pictures of cameras in ffmpeg's cage, a few at a time. */
export class Looks {
  readonly #deps: LooksDeps;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(deps: LooksDeps) {
    this.#deps = deps;
  }

  /** How large and how bright a picture is. Rejects with {@link StreamFailure} for one that cannot be decoded. */
  async grey(picture: CodedPicture, signal: AbortSignal): Promise<GreyPicture> {
    const data = await this.#run(picture, { taskOf: greyTask, bytesMax: GREY_BYTES_MAX }, signal);
    const grey = readGrey(data);
    if (!grey) throw new StreamFailure('nonsense', 'Its picture cannot be decoded.');
    return grey;
  }

  /** The picture as a JPEG of ours, at most 1,280 pixels wide. Rejects as {@link grey}. */
  async still(picture: CodedPicture, signal: AbortSignal): Promise<Buffer> {
    const data = await this.#run(picture, { taskOf: stillTask, bytesMax: JPEG_BYTES_MAX }, signal);
    const from = data.lastIndexOf(JPEG_BEGINS);
    if (from < 0 || data.at(-1) !== JPEG_LAST_BYTE) {
      throw new StreamFailure('nonsense', 'Its picture cannot be decoded.');
    }
    return data.subarray(from);
  }

  async #run(picture: CodedPicture, how: Decoding, signal: AbortSignal): Promise<Buffer> {
    const limit = deadline(this.#deps.clock, DEADLINE_MS, signal);
    try {
      await this.#turn(limit.signal);
      try {
        return await this.#decode(picture, how, limit.signal);
      } finally {
        this.#running -= 1;
        this.#waiting.shift()?.();
      }
    } catch (error) {
      throw limit.signal.aborted
        ? new StreamFailure('ffmpeg', 'Its picture came, and was not decoded in time.')
        : error;
    } finally {
      limit.cancel();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    while (this.#running >= AT_ONCE_MAX) {
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

  async #decode({ data, ...what }: CodedPicture, { taskOf, bytesMax }: Decoding, signal: AbortSignal): Promise<Buffer> {
    const { sockets, spawner, clock } = this.#deps;
    const opened: LocalSocket[] = [];
    try {
      const input = await sockets.open();
      opened.push(input);
      const output = await sockets.open();
      opened.push(output);
      const task = taskOf({ ...what, input: input.path, output: output.path });
      const process = spawner.run(task, { urgent: true });
      try {
        void input.connection.then((socket) => socket.end(data)).catch(() => {});
        const ended = process.ended.then(async (): Promise<never> => {
          // Its last bytes may still be on their way through the socket.
          await clock.sleep(SETTLE_MS, signal);
          throw new StreamFailure('nonsense', 'Its picture cannot be decoded.');
        });
        return await orAborted(Promise.race([readAll(output, bytesMax), ended]), signal);
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

interface Decoding {
  taskOf(paths: { format: CodedPicture['format']; skip: number; input: string; output: string }): FfmpegTask;
  bytesMax: number;
}

const JPEG_BEGINS = Buffer.from([0xff, 0xd8, 0xff]);
const JPEG_LAST_BYTE = 0xd9;

/** Everything that comes out of the socket; never resolves without a connection, and the end of ffmpeg decides. */
async function readAll(local: LocalSocket, bytesMax: number): Promise<Buffer> {
  const never = new Promise<never>(() => {});
  const socket = await local.connection.catch(() => never);
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else reject(new StreamFailure('nonsense', 'Its picture is too large.'));
    });
    socket.once('end', () => {
      if (bytes > 0) resolve(Buffer.concat(chunks, bytes));
    });
  });
}

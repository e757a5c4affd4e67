import { greyTask, stillTask } from '../ffmpeg/arguments.ts';
import type { LocalSocket } from '../ffmpeg/local-sockets.ts';
import type { FfmpegTask } from '../ffmpeg/protocol.ts';
import { StreamFailure } from '../pool/types.ts';
import { Decoder, type DecoderDeps, type Decoding, type SocketPaths } from './decoder.ts';
import type { CodedPicture } from './first-picture.ts';
import { type GreyPicture, readGrey } from './grey-picture.ts';

/** A check of a whole district waits its turn; its own limits are below this. */
const LIMITS = {
  atOnceMax: 4,
  waitingMax: 1_000,
  late: () => new StreamFailure('ffmpeg', 'Its picture came, and was not decoded in time.'),
};
/** A grey picture of 8K. */
const GREY_BYTES_MAX = 36 * 1024 * 1024;
const JPEG_BYTES_MAX = 4 * 1024 * 1024;

/** Decodes single pictures of cameras in ffmpeg's cage, a few at a time. */
export class Looks {
  readonly #decoder: Decoder;

  constructor(deps: DecoderDeps) {
    this.#decoder = new Decoder(deps, LIMITS);
  }

  /** Pictures will come soon. */
  prepare(): void {
    this.#decoder.prepare();
  }

  /** How large and how bright a picture is. Rejects with {@link StreamFailure} for one that cannot be decoded. */
  async grey(picture: CodedPicture, signal: AbortSignal): Promise<GreyPicture> {
    return greyIn(await this.#run(picture, { taskOf: greyTask, bytesMax: GREY_BYTES_MAX }, signal));
  }

  /**
   * As {@link grey} for two pictures of the same camera, in one run of ffmpeg. Rejects where one of the two cannot be
   * decoded: of the other nothing is known then.
   */
  async greyOfBoth(
    [first, second]: readonly [CodedPicture, CodedPicture],
    signal: AbortSignal,
  ): Promise<[GreyPicture, GreyPicture]> {
    return await this.#decoder.run(() => {
      const decoding: Decoding<[GreyPicture, GreyPicture]> = {
        data: first.data,
        second: second.data,
        taskOf: (one, other) => greyTask({ ...first, ...one }, { ...second, ...other! }),
        read: async (one, other) => {
          const read = [one, other!].map((output) => readAll(output, GREY_BYTES_MAX));
          const [ofFirst, ofSecond] = await Promise.all(read);
          return [greyIn(ofFirst!), greyIn(ofSecond!)];
        },
      };
      return decoding;
    }, signal);
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

  #run(picture: CodedPicture, { taskOf, bytesMax }: Wish, signal: AbortSignal): Promise<Buffer> {
    const { data, ...what } = picture;
    const decoding = {
      data,
      taskOf: (paths: SocketPaths) => taskOf({ ...what, ...paths }),
      read: (output: LocalSocket) => readAll(output, bytesMax),
    };
    return this.#decoder.run(() => decoding, signal);
  }
}

interface Wish {
  taskOf(paths: { format: CodedPicture['format']; skip: number; input: string; output: string }): FfmpegTask;
  bytesMax: number;
}

function greyIn(data: Buffer): GreyPicture {
  const grey = readGrey(data);
  if (!grey) throw new StreamFailure('nonsense', 'Its picture cannot be decoded.');
  return grey;
}

const JPEG_BEGINS = Buffer.from([0xff, 0xd8, 0xff]);
const JPEG_LAST_BYTE = 0xd9;

/** Everything that comes out of the socket; never resolves without a connection, and the end of ffmpeg decides. */
export async function readAll(local: LocalSocket, bytesMax: number): Promise<Buffer> {
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

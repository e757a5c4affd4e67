import { chunksOf } from '../../platform/database/chunks.ts';
import { thumbnailsTask } from '../ffmpeg/arguments.ts';
import type { TranscodeBudget } from '../ffmpeg/transcode-budget.ts';
import { Decoder, type DecoderDeps } from '../looks/decoder.ts';
import { readAll } from '../looks/looks.ts';
import { StreamFailure } from '../pool/types.ts';

/** A key frame that is whole by itself, as decoders take it. */
export interface KeyPicture {
  format: 'h264' | 'hevc';
  data: Buffer;
}

export interface KeyPicturesDeps extends DecoderDeps {
  transcodes: Pick<TranscodeBudget, 'run'>;
}

const LIMITS = {
  atOnceMax: 4,
  waitingMax: 8,
  deadlineMs: 20_000,
  late: () => new StreamFailure('timeout', 'The pictures were not made in time.'),
};
/** How long somebody waits for a turn of the budget. */
const TURN_WITHIN_MS = 10_000;
/** Of all pictures of a run. */
const JPEGS_BYTES_MAX = 8 * 1024 * 1024;
/** Pictures of one run: to start ffmpeg costs as much as some ten of them. */
const AT_ONCE_MAX = 16;

/** Makes small pictures of key frames of one camera, several by one run of ffmpeg in its cage. */
export class KeyPictures {
  readonly #decoder: Decoder;
  readonly #transcodes: KeyPicturesDeps['transcodes'];

  constructor(deps: KeyPicturesDeps) {
    this.#decoder = new Decoder(deps, LIMITS);
    this.#transcodes = deps.transcodes;
  }

  /**
   * A JPEG for each, at most `width` points wide; null for one that cannot be decoded. All of one camera. Errors:
   * `stream.full` where there is no turn in time.
   */
  async make(pictures: readonly KeyPicture[], width: number, signal?: AbortSignal): Promise<(Buffer | null)[]> {
    const made = new Array<Buffer | null>(pictures.length).fill(null);
    for (const format of ['h264', 'hevc'] as const) {
      const mine = pictures.map((_, index) => index).filter((index) => pictures[index]!.format === format);
      for (const some of chunksOf(mine, AT_ONCE_MAX)) {
        const ask = { withinMs: TURN_WITHIN_MS, ...(signal ? { signal } : {}) };
        const coded = some.map((index) => pictures[index]!.data);
        const jpegs = await this.#transcodes.run('thumbnail', ask, () => this.#each(coded, { format, width }));
        for (const [at, index] of some.entries()) made[index] = jpegs[at]!;
      }
    }
    return made;
  }

  /** Together; where one of them is not decoded nobody knows which is which, and each is decoded alone. */
  async #each(coded: readonly Buffer[], how: How): Promise<(Buffer | null)[]> {
    const together = await this.#decode(Buffer.concat(coded), how);
    if (together.length === coded.length) return together;
    if (coded.length === 1) return [null];
    const alone: (Buffer | null)[] = [];
    for (const one of coded) {
      const [only, ...more] = await this.#decode(one, how);
      alone.push(only && more.length === 0 ? only : null);
    }
    return alone;
  }

  async #decode(data: Buffer, { format, width }: How): Promise<Buffer[]> {
    try {
      const all = await this.#decoder.run(() => ({
        data,
        taskOf: ({ input, output }) => thumbnailsTask({ format, input, output, width }),
        read: (output) => readAll(output, JPEGS_BYTES_MAX),
      }));
      return jpegsIn(all);
    } catch (error) {
      if (error instanceof StreamFailure) return [];
      throw error;
    }
  }
}

interface How {
  format: KeyPicture['format'];
  width: number;
}

const JPEG_BEGINS = Buffer.from([0xff, 0xd8, 0xff]);
const JPEG_ENDS = Buffer.from([0xff, 0xd9]);

/** Pictures that stand one after the other; inside of one, its end does not occur. */
function jpegsIn(data: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < data.length; ) {
    const end = data.indexOf(JPEG_ENDS, at);
    if (end < 0 || !data.subarray(at, at + JPEG_BEGINS.length).equals(JPEG_BEGINS)) return [];
    found.push(data.subarray(at, end + JPEG_ENDS.length));
    at = end + JPEG_ENDS.length;
  }
  return found;
}

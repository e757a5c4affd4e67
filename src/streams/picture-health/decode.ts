import { SMALL_PICTURES_MAX, smallPicturesTask } from '../ffmpeg/arguments.ts';
import { Decoder, type DecoderDeps } from '../looks/decoder.ts';
import { readAll } from '../looks/looks.ts';
import { StreamFailure } from '../pool/types.ts';
import { matroskaOf, type TrackPicture } from './matroska.ts';
import { readSmall, SMALL, type SmallPicture } from './small-picture.ts';

/** Of all pictures of a run, and of what one of them may be coded in. */
const BYTES_MAX = SMALL_PICTURES_MAX * 64 * 1024;
const CODED_BYTES_MAX = 8 * 1024 * 1024;

const LIMITS = {
  atOnceMax: 1,
  waitingMax: 4,
  // Sixteen pictures of 4K on a busy machine.
  deadlineMs: 10_000,
  late: () => new StreamFailure('ffmpeg', 'Its picture was not decoded in time.'),
};

/** Decodes key frames of several cameras at low size, in one run of ffmpeg in its cage. */
export class SmallPictures {
  readonly #decoder: Decoder;

  constructor(deps: DecoderDeps) {
    this.#decoder = new Decoder(deps, LIMITS);
  }

  /**
   * The pictures that could be decoded, by their place in `pictures`, of which there are sixteen at most. Never
   * rejects: where ffmpeg crashes or hangs there are none, or those that it wrote before.
   */
  async decode(pictures: readonly TrackPicture[], signal: AbortSignal): Promise<Map<number, SmallPicture>> {
    const fit = [...pictures.entries()]
      .filter(([, { data }]) => data.length <= CODED_BYTES_MAX)
      .slice(0, SMALL_PICTURES_MAX);
    if (fit.length === 0) return new Map();
    try {
      const found = await this.#decoder.run(
        () => ({
          data: matroskaOf(fit.map(([, picture]) => picture)),
          taskOf: (paths) => smallPicturesTask(paths, { count: fit.length, ...SMALL }),
          read: async (output) => readSmall(await readAll(output, BYTES_MAX)),
        }),
        signal,
      );
      return new Map(fit.flatMap(([place], at) => (found.has(at) ? [[place, found.get(at)!]] : [])));
    } catch {
      return new Map();
    }
  }
}

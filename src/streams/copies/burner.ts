import { toRfc3339 } from '../../core/clock.ts';
import { burnTask } from '../ffmpeg/arguments.ts';
import type { TranscodeBudget } from '../ffmpeg/transcode-budget.ts';
import { FragmentParser, type InitSegment } from '../fmp4/parser.ts';
import { Decoder, type DecoderDeps } from '../looks/decoder.ts';
import { readAll } from '../looks/looks.ts';
import { StreamFailure } from '../pool/types.ts';
import type { Letters } from './letters.ts';
import { type Coded, type Recorded, withSound } from './sound-beside.ts';
import { videoFile } from './video-file.ts';

export interface BurnerDeps extends DecoderDeps {
  transcodes: Pick<TranscodeBudget, 'run'>;
}

/** Some seconds of video of one camera that begin with a key frame. */
export interface Piece extends Recorded {
  /** Unix ms. */
  startsAtMs: number;
}

const DEADLINE_MS = 5 * 60_000;
const LIMITS = {
  atOnceMax: 2,
  waitingMax: 4,
  deadlineMs: DEADLINE_MS,
  late: () => new StreamFailure('timeout', 'A piece of the copy was not coded in time.'),
};
/** Others have theirs first; a copy may wait for long. */
const TURN_WITHIN_MS = 10 * 60_000;
const CODED_BYTES_MAX = 64 * 1024 * 1024;
const WIDTH_MAX = 1_280;
const LINES_MAX = 4;

/**
 * Codes pieces of video anew, with text and the time of day burned into the picture, behind the budget. Their sound is
 * as players want it already, and goes along as it is: it costs nothing.
 */
export class Burner {
  readonly #decoder: Decoder;
  readonly #transcodes: BurnerDeps['transcodes'];

  constructor(deps: BurnerDeps) {
    this.#decoder = new Decoder(deps, LIMITS);
    this.#transcodes = deps.transcodes;
  }

  /** Errors: `stream.full` where there is no turn, {@link StreamFailure} where it cannot be coded. */
  async burn(piece: Piece, who: { letters: Letters; text: string }, signal: AbortSignal): Promise<Coded> {
    const { width, height } = sizeOf(piece.init);
    const fromS = Math.floor(piece.startsAtMs / 1_000);
    const caption = captions(piece, who, { width, fromS });
    const sizes = {
      picture: { width, height },
      caption: { width, height: caption.height },
      captionBeganS: piece.startsAtMs / 1_000 - fromS,
    };
    const ask = { withinMs: TURN_WITHIN_MS, signal };
    const data = videoFile(piece.init, piece.fragments);
    const coded = await this.#transcodes.run('watermark', ask, () =>
      this.#decoder.run(
        () => ({
          data,
          second: caption.data,
          taskOf: (video, other) => burnTask({ video, caption: other! }, sizes),
          read: (output) => readAll(output, CODED_BYTES_MAX),
        }),
        signal,
      ),
    );
    return withSound(piece, codedIn(coded));
  }
}

/** What ffmpeg wrote. */
export function codedIn(data: Buffer): Coded {
  const [first, ...rest] = new FragmentParser().push(data);
  if (first?.type !== 'init') throw new StreamFailure('ffmpeg', 'It coded nothing.');
  const fragments = rest.flatMap((part) => (part.type === 'fragment' ? [part.fragment] : []));
  if (fragments.length === 0) throw new StreamFailure('ffmpeg', 'It coded no picture.');
  return { init: first.init, fragments };
}

/** At most 1,280 points wide, in even numbers, as the coder takes them. */
function sizeOf({ movie }: InitSegment): { width: number; height: number } {
  const scale = Math.min(1, WIDTH_MAX / Math.max(1, movie.width));
  const fit = (points: number): number => Math.max(16, 2 * Math.floor((points * scale) / 2));
  return { width: fit(movie.width), height: fit(movie.height) };
}

/** A picture for each second of the day that the piece touches, and one more: what is over first ends the video. */
function captions(
  { startsAtMs, durationMs }: Piece,
  { letters, text }: { letters: Letters; text: string },
  { width, fromS }: { width: number; fromS: number },
): { data: Buffer; height: number } {
  const fixed = letters.lines(text, width, LINES_MAX);
  const pictures: Buffer[] = [];
  let height = 0;
  for (let atS = fromS; (atS - 1) * 1_000 <= startsAtMs + durationMs; atS += 1) {
    const drawn = letters.draw(
      [
        toRfc3339(atS * 1_000)
          .replace('T', ' ')
          .replace('.000Z', ' UTC'),
        ...fixed,
      ],
      width,
    );
    pictures.push(drawn.data);
    height = drawn.height;
  }
  return { data: Buffer.concat(pictures), height };
}

import { CitywatchError } from '../../core/errors.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import type { RecordedMoment } from '../clips/recorded-moments.ts';
import { codedIn } from '../copies/burner.ts';
import { type Coded, withSound } from '../copies/sound-beside.ts';
import { videoFile } from '../copies/video-file.ts';
import { recodeTask } from '../ffmpeg/arguments.ts';
import type { TranscodeBudget } from '../ffmpeg/transcode-budget.ts';
import { samplesOf } from '../fmp4/samples.ts';
import { placed } from '../fmp4/tracks/placed.ts';
import { Decoder, type DecoderDeps } from '../looks/decoder.ts';
import { readAll } from '../looks/looks.ts';
import { StreamFailure, type View } from '../pool/types.ts';
import { recodedSize } from '../recode/recode-run.ts';
import type { Recording } from '../recordings/recording.ts';
import { codedPlaylistOf, type PiecesOfFile } from './playlists.ts';
import type { RecordedFiles } from './recorded-files.ts';

export interface CodedPlaybackDeps extends DecoderDeps {
  transcodes: Pick<TranscodeBudget, 'run'>;
  files: Pick<RecordedFiles, 'moments'>;
}

/** A part of a file that is coded by one ffmpeg: its beginning (`head`), or pictures of some seconds by number. */
export type CodedPart = 'head' | number;

/** Long enough to be worth the start of an ffmpeg, short enough that a player does not wait for long. */
const PIECE_MS = 6_000;
/** With its wait for a turn a piece takes no longer than a request may. */
const TURN_WITHIN_MS = 10_000;
const LIMITS = {
  atOnceMax: 2,
  waitingMax: 16,
  deadlineMs: 13_000,
  late: () => new StreamFailure('timeout', 'It was not coded in time.'),
};
const CODED_BYTES_MAX = 16 * 1024 * 1024;
/** Pieces that are remembered: whoever asks for the beginning of a file asks for its first piece next. */
const REMEMBERED_MAX = 8;

/**
 * Recorded H.265 as H.264, piece by piece as a player asks for it, within the budget, its sound beside it as it is.
 * What is H.264 stays as it is.
 */
export class CodedPlayback {
  readonly #deps: CodedPlaybackDeps;
  readonly #decoder: Decoder;
  readonly #known = new BoundedMap<string, Promise<Coded>>(REMEMBERED_MAX);

  constructor(deps: CodedPlaybackDeps) {
    this.#deps = deps;
    this.#decoder = new Decoder(deps, LIMITS);
  }

  /** Names the pieces of files. Those that cannot be read are left out. Errors: `store.unavailable`, `stream.full`. */
  async playlist(files: readonly Recording[], view: View): Promise<string> {
    const known: PiecesOfFile[] = [];
    for (const file of files) {
      const moments = await this.#deps.files.moments(file);
      if (moments === null || moments.length === 0) continue;
      known.push({ file, piecesMs: isForeign(moments) ? piecesOf(moments).map(lengthOf) : null });
    }
    return codedPlaylistOf(known, view);
  }

  /** Errors: `not-found`, `stream.full` where there is no turn in time, `stream.unavailable`, `store.unavailable`. */
  async part(file: Recording, part: CodedPart): Promise<Buffer> {
    const moments = await this.#deps.files.moments(file);
    const piece = moments && piecesOf(moments)[part === 'head' ? 0 : part];
    if (!piece) throw new CitywatchError('not-found', { detail: 'There is no such part of this recording.' });
    const coded = await this.#coded(`${file.disk} ${file.sha256} ${part === 'head' ? 0 : part}`, piece);
    if (part === 'head') return coded.init.data;
    const { movie } = coded.init;
    let decodeTime = await beginOf(piece, movie.timescale);
    return Buffer.concat(
      coded.fragments.map(({ data, durationMs }, index) => {
        const fragment = placed({ data }, movie, {
          sequence: index + 1,
          decodeTime,
          fromS: 0,
          toS: Number.POSITIVE_INFINITY,
        });
        decodeTime += Math.round((durationMs * movie.timescale) / 1_000);
        return fragment;
      }),
    );
  }

  async #coded(key: string, piece: Piece): Promise<Coded> {
    const known = this.#known.get(key);
    if (known) return await known;
    const coding = this.#code(piece);
    this.#known.set(key, coding);
    coding.catch(() => void this.#known.delete(key));
    return await coding;
  }

  async #code(piece: Piece): Promise<Coded> {
    const { init } = piece[0]!;
    const fragments = await Promise.all(piece.map((moment) => moment.read()));
    const data = videoFile(init, fragments);
    try {
      const coded = await this.#deps.transcodes.run('playback', { withinMs: TURN_WITHIN_MS }, () =>
        this.#decoder.run(() => ({
          data,
          taskOf: (paths) => recodeTask(paths, recodedSize(init.movie)),
          read: (output) => readAll(output, CODED_BYTES_MAX),
        })),
      );
      return withSound({ init, durationMs: lengthOf(piece), fragments }, codedIn(coded));
    } catch (error) {
      if (!(error instanceof StreamFailure)) throw error;
      throw new CitywatchError('stream.unavailable', { detail: error.message, retryAfterS: 5 });
    }
  }
}

type Piece = readonly RecordedMoment[];

/** Whether browsers may not be able to show it. */
function isForeign(moments: readonly RecordedMoment[]): boolean {
  return !moments[0]!.init.movie.codec.startsWith('avc1');
}

/** Each begins with a key frame. */
function piecesOf(moments: readonly RecordedMoment[]): Piece[] {
  const pieces: RecordedMoment[][] = [];
  for (const moment of moments) {
    const last = pieces.at(-1);
    if (!last || (moment.key && lengthOf(last) >= PIECE_MS)) pieces.push([moment]);
    else last.push(moment);
  }
  return pieces;
}

function lengthOf(piece: Piece): number {
  return piece.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

/** When the first picture of a piece is shown, in another timescale: pieces follow each other as they did. */
async function beginOf(piece: Piece, timescale: number): Promise<number> {
  const { movie } = piece[0]!.init;
  const samples = samplesOf(await piece[0]!.read(), movie);
  const first = Math.min(...samples.map(({ decodeTime, shownAfter }) => decodeTime + shownAfter));
  return Math.max(0, Math.round((first * timescale) / movie.timescale));
}

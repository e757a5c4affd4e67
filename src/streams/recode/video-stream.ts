import { configurationOf } from '../fmp4/annex-b.ts';
import { element, ID, MATROSKA_CODECS, whole } from '../fmp4/ebml.ts';
import type { InitSegment } from '../fmp4/parser.ts';
import { samplesOf } from '../fmp4/samples.ts';

const IS_VIDEO = 1;
const KEY_FRAME = 0x80;
/** Timestamps in milliseconds. */
const SCALE_NS = 1_000_000;
/** What a decoder takes for the pace before it has seen any; the times of the pictures count. */
const USUAL_PICTURE_NS = 40_000_000;
/** A size that nobody knows yet (RFC 8794 §6.2): it goes on until the end of the stream. */
const UNKNOWN_SIZE = Buffer.from([0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);

/**
 * The video of fragments as a Matroska stream without an end, for a decoder that reads it as it comes. Fragments of MP4
 * cannot be read so: ffmpeg takes every socket for a file, and wants to know where such a file ends.
 */
export class VideoStream {
  readonly head: Buffer;
  readonly #init: InitSegment;
  /** When its first picture is shown, in the timescale of the track. */
  #begins: number | null = null;

  /** Throws {@link BoxError} where the beginning is none of H.264 or H.265. */
  constructor(init: InitSegment) {
    this.#init = init;
    const { format, body } = configurationOf(init.data);
    const { width, height } = init.movie;
    const track = element(ID.track, [
      whole(ID.number, 1),
      whole(ID.uid, 1),
      whole(ID.type, IS_VIDEO),
      element(ID.codec, [Buffer.from(MATROSKA_CODECS[format])]),
      element(ID.codecPrivate, [body]),
      whole(ID.defaultDuration, USUAL_PICTURE_NS),
      element(ID.video, [whole(ID.width, width), whole(ID.height, height)]),
    ]);
    this.head = Buffer.concat([
      element(ID.head, [element(ID.docType, [Buffer.from('matroska')])]),
      Buffer.from(ID.segment, 'hex'),
      UNKNOWN_SIZE,
      element(ID.info, [whole(ID.timestampScale, SCALE_NS)]),
      element(ID.tracks, [track]),
    ]);
  }

  /** The pictures of the next fragment. Throws {@link BoxError} where they are not all there. */
  next(fragment: Buffer): Buffer {
    const { movie } = this.#init;
    const samples = samplesOf(fragment, movie);
    this.#begins ??= Math.min(...samples.map(({ decodeTime, shownAfter }) => decodeTime + shownAfter));
    const begins = this.#begins;
    return Buffer.concat(
      samples.map(({ data, decodeTime, shownAfter, key }) => {
        const atMs = Math.round(((decodeTime + shownAfter - begins) * 1_000) / movie.timescale);
        const block = element(ID.block, [Buffer.from([0x81, 0, 0, key ? KEY_FRAME : 0]), data]);
        return element(ID.cluster, [whole(ID.timestamp, Math.max(0, atMs)), block]);
      }),
    );
  }
}

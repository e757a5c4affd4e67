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

/**
 * Fragments as one Matroska file that is read from front to back, each picture at its time after the first: what fMP4
 * is not, as ffmpeg takes every socket for a file. Throws {@link BoxError}.
 */
export function videoFile(init: InitSegment, fragments: readonly Buffer[]): Buffer {
  const { format, body } = configurationOf(init.data);
  const { movie } = init;
  const head = element(ID.head, [element(ID.docType, [Buffer.from('matroska')])]);
  const info = element(ID.info, [whole(ID.timestampScale, SCALE_NS)]);
  const track = element(ID.track, [
    whole(ID.number, 1),
    whole(ID.uid, 1),
    whole(ID.type, IS_VIDEO),
    element(ID.codec, [Buffer.from(MATROSKA_CODECS[format])]),
    element(ID.codecPrivate, [body]),
    whole(ID.defaultDuration, USUAL_PICTURE_NS),
    element(ID.video, [whole(ID.width, movie.width), whole(ID.height, movie.height)]),
  ]);
  const samples = fragments.flatMap((fragment) => samplesOf(fragment, movie));
  const begins = Math.min(...samples.map(({ decodeTime, shownAfter }) => decodeTime + shownAfter));
  const clusters = samples.map(({ data, decodeTime, shownAfter, key }) => {
    const atMs = Math.round(((decodeTime + shownAfter - begins) * 1_000) / movie.timescale);
    const block = element(ID.block, [Buffer.from([0x81, 0, 0, key ? KEY_FRAME : 0]), data]);
    return element(ID.cluster, [whole(ID.timestamp, Math.max(0, atMs)), block]);
  });
  return Buffer.concat([head, element(ID.segment, [info, element(ID.tracks, [track]), ...clusters])]);
}

import type { BareVideo } from '../fmp4/annex-b.ts';
import { element, ID, MATROSKA_CODECS, whole } from '../fmp4/ebml.ts';

/** A picture to put into a file of many. */
export interface TrackPicture extends Pick<BareVideo, 'format' | 'data'> {
  width: number;
  height: number;
}

const IS_VIDEO = 1;
const KEY_FRAME = 0x80;
/** Timestamps in milliseconds. */
const SCALE_NS = 1_000_000;

/**
 * Pictures of several cameras as one Matroska file, each in a track of its own, so that one run of ffmpeg decodes them
 * with a decoder each: what is wrong with one leaves the others alone. The parameters of a picture stand before it,
 * behind start codes, as decoders take it where a track tells none.
 */
export function matroskaOf(pictures: readonly TrackPicture[]): Buffer {
  const head = element(ID.head, [element(ID.docType, [Buffer.from('matroska')])]);
  const info = element(ID.info, [whole(ID.timestampScale, SCALE_NS)]);
  const tracks = element(ID.tracks, pictures.map(trackOf));
  const blocks = pictures.map(({ data }, index) => element(ID.block, [blockHead(index + 1), data]));
  const cluster = element(ID.cluster, [whole(ID.timestamp, 0), ...blocks]);
  return Buffer.concat([head, element(ID.segment, [info, tracks, cluster])]);
}

function trackOf({ format, width, height }: TrackPicture, index: number): Buffer {
  return element(ID.track, [
    whole(ID.number, index + 1),
    whole(ID.uid, index + 1),
    whole(ID.type, IS_VIDEO),
    element(ID.codec, [Buffer.from(MATROSKA_CODECS[format])]),
    element(ID.video, [whole(ID.width, width), whole(ID.height, height)]),
  ]);
}

/** Track, time in its cluster, and that it is a key frame. Tracks are fewer than 127, so that one byte tells each. */
function blockHead(track: number): Buffer {
  return Buffer.from([0x80 | track, 0, 0, KEY_FRAME]);
}

import type { BareVideo } from '../fmp4/annex-b.ts';

/** A picture to put into a file of many. */
export interface TrackPicture extends Pick<BareVideo, 'format' | 'data'> {
  width: number;
  height: number;
}

/** Identifiers of elements (RFC 9559), as they are written. */
const ID = {
  head: '1a45dfa3',
  docType: '4282',
  segment: '18538067',
  info: '1549a966',
  timestampScale: '2ad7b1',
  tracks: '1654ae6b',
  track: 'ae',
  number: 'd7',
  uid: '73c5',
  type: '83',
  codec: '86',
  video: 'e0',
  width: 'b0',
  height: 'ba',
  cluster: '1f43b675',
  timestamp: 'e7',
  block: 'a3',
} as const;

const CODECS = { h264: 'V_MPEG4/ISO/AVC', hevc: 'V_MPEGH/ISO/HEVC' } as const;
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
    element(ID.codec, [Buffer.from(CODECS[format])]),
    element(ID.video, [whole(ID.width, width), whole(ID.height, height)]),
  ]);
}

/** Track, time in its cluster, and that it is a key frame. Tracks are fewer than 127, so that one byte tells each. */
function blockHead(track: number): Buffer {
  return Buffer.from([0x80 | track, 0, 0, KEY_FRAME]);
}

function whole(id: string, value: number): Buffer {
  const data = Buffer.alloc(4);
  data.writeUInt32BE(value);
  return element(id, [data]);
}

/** An element whose size is told in eight bytes. */
function element(id: string, parts: readonly Buffer[]): Buffer {
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(bytes) | (1n << 56n));
  return Buffer.concat([Buffer.from(id, 'hex'), size, ...parts]);
}

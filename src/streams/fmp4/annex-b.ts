import { BoxError, ByteCursor, boxesIn, boxHeader, required } from './boxes.ts';
import { samplePlaces } from './fragment.ts';
import type { Movie } from './movie.ts';
import type { InitSegment, ParsedFragment } from './parser.ts';

const START_CODE = Buffer.from([0, 0, 0, 1]);

/** Bare video as decoders take it: NAL units behind start codes (H.264 and H.265, annex B). */
export interface BareVideo {
  format: 'h264' | 'hevc';
  data: Buffer;
  pictures: number;
  /** Whether the first picture needs no other. Not so where a camera refreshes its picture bit by bit. */
  wholeAtFirst: boolean;
}

/**
 * Parameter sets and pictures of fragments without the file around them. ffmpeg takes every unix socket for a file
 * it can seek in, and then fails to read fragmented MP4 from it; bare video it reads from front to back.
 */
export function bareVideo(
  init: InitSegment,
  fragments: readonly ParsedFragment[],
  { picturesMax = Number.POSITIVE_INFINITY } = {},
): BareVideo {
  const { format, sets, lengthBytes } = videoSetup(init);
  const all = fragments.flatMap((fragment) => pictureUnits(fragment.data, init.movie, lengthBytes));
  const begun = all.flatMap((unit, at) => (pictureOf(format, unit) === null ? [] : [at]));
  const units = all.slice(0, begun[picturesMax] ?? all.length);
  const data = Buffer.concat([...sets, ...units].flatMap((unit) => [START_CODE, unit]));
  const pictures = units.map((unit) => pictureOf(format, unit)).filter((picture) => picture !== null);
  return { format, data, pictures: pictures.length, wholeAtFirst: pictures[0] === 'whole' };
}

/** Whether a unit is the first of a picture, and of one that needs no other; null for all else. */
function pictureOf(format: BareVideo['format'], unit: Buffer): 'whole' | 'part' | null {
  const h264 = format === 'h264';
  const type = h264 ? (unit[0] ?? 0) & 0x1f : ((unit[0] ?? 0) >> 1) & 0x3f;
  const isFirst = ((unit[h264 ? 1 : 2] ?? 0) & 0x80) !== 0;
  if (!isFirst || !(h264 ? type === 1 || type === 5 : type < 32)) return null;
  return (h264 ? type === 5 : type >= 16 && type <= 23) ? 'whole' : 'part';
}

/** What decoders need of an initialisation segment before the first picture. */
export interface VideoSetup {
  format: BareVideo['format'];
  sets: Buffer[];
  /** Width of the length before each NAL unit of a sample. */
  lengthBytes: number;
}

/** Throws {@link BoxError} where it describes no H.264 or H.265. */
export function videoSetup(init: InitSegment): VideoSetup {
  const { body, format } = configurationOf(init.data);
  return { format, ...(format === 'h264' ? avcSets(body) : hevcSets(body)) };
}

/** What a decoder is told of the video before its first picture: the content of `avcC` or `hvcC`. */
export function configurationOf(initData: Buffer): { body: Buffer; format: BareVideo['format'] } {
  const moov = boxesIn(required(boxesIn(initData), 'moov'));
  const mdia = boxesIn(required(boxesIn(required(moov, 'trak')), 'mdia'));
  const stbl = boxesIn(required(boxesIn(required(mdia, 'minf')), 'stbl'));
  const stsd = required(stbl, 'stsd').subarray(8);
  const entry = boxesIn(stsd)[0];
  if (!entry || entry.body.length < 78) throw new BoxError('no sample entry');
  const inner = boxesIn(entry.body.subarray(78));
  const h264 = entry.type === 'avc1';
  return { body: required(inner, h264 ? 'avcC' : 'hvcC'), format: h264 ? 'h264' : 'hevc' };
}

type ParameterSets = Omit<VideoSetup, 'format'>;

function avcSets(avcC: Buffer): ParameterSets {
  const cursor = new ByteCursor(avcC);
  cursor.skip(4);
  const lengthBytes = (cursor.u8() & 3) + 1;
  const sets = cursor.blocks(cursor.u8() & 0x1f);
  sets.push(...cursor.blocks(cursor.u8()));
  return { sets, lengthBytes };
}

function hevcSets(hvcC: Buffer): ParameterSets {
  const cursor = new ByteCursor(hvcC);
  cursor.skip(21);
  const lengthBytes = (cursor.u8() & 3) + 1;
  const sets: Buffer[] = [];
  for (let arrays = cursor.u8(); arrays > 0; arrays -= 1) {
    cursor.skip(1);
    sets.push(...cursor.blocks(cursor.u16()));
  }
  return { sets, lengthBytes };
}

/** The NAL units of every picture; what else lies between them is passed over. */
function pictureUnits(fragment: Buffer, movie: Movie, lengthBytes: number): Buffer[] {
  return picturesIn(fragment, movie, lengthBytes).flatMap(({ units }) => units);
}

/** One picture of a fragment. */
export interface PictureUnits {
  /** From the beginning of the fragment to when it is shown, in the track's timescale. */
  shownAt: number;
  units: Buffer[];
}

/** The pictures of a fragment (`moof` and `mdat`), in the order in which they are decoded. */
export function picturesIn(fragment: Buffer, movie: Movie, lengthBytes: number): PictureUnits[] {
  const moof = boxHeader(fragment);
  if (moof?.type !== 'moof' || moof.sizeBytes > fragment.length) throw new BoxError('fragment without moof');
  const places = samplePlaces(fragment.subarray(moof.headerBytes, moof.sizeBytes), movie);
  return places.map(({ offset, bytes, decodedAt, shownLater }) => {
    if (offset + bytes > fragment.length) throw new BoxError('picture is cut off');
    const units = unitsOf(fragment.subarray(offset, offset + bytes), lengthBytes);
    return { shownAt: decodedAt + shownLater, units };
  });
}

/** The NAL units of a sample. Throws {@link BoxError} where one is cut off. */
function unitsOf(sample: Buffer, lengthBytes: number): Buffer[] {
  const units: Buffer[] = [];
  for (let at = 0; at < sample.length; ) {
    if (at + lengthBytes > sample.length) throw new BoxError('NAL unit is cut off');
    const end = at + lengthBytes + sample.readUIntBE(at, lengthBytes);
    if (end > sample.length) throw new BoxError('NAL unit is cut off');
    units.push(sample.subarray(at + lengthBytes, end));
    at = end;
  }
  return units;
}

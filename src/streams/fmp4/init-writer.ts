import { type Codec, nalKind, type SetName } from '../relay/nal-unit.ts';
import { box, fullBox, NO_LANGUAGE, samplesElsewhere, UNITY, u16, u32 } from './box-writer.ts';
import { BoxError, boxesIn, required } from './boxes.ts';
import { parseMovie } from './movie.ts';
import type { InitSegment } from './parser.ts';
import { type PictureFormat, pictureFormat } from './pictures/picture-size.ts';
import { type SoundToDescribe, soundTrak } from './tracks/sound-writer.ts';

export const TRACK_ID = 1;
export const SOUND_TRACK_ID = 2;

const DPI_72 = 0x480000;
const LENGTH_BYTES = 4;
/** H.264: their numbers have five bits and eight. */
const SPS_MAX = 31;
const PPS_MAX = 255;
/** The size of a set has 16 bits. */
const SET_BYTES_MAX = 0xffff;

/** No set of this sort stands among the pictures. */
const COMPLETE = 0x80;

export interface VideoToDescribe {
  codec: Codec;
  /** Every parameter set a decoder needs before the first picture. */
  sets: readonly Buffer[];
  /** Units a second of every time. */
  timescale: number;
  /** AAC beside it; its times are counted in samples. */
  sound?: SoundToDescribe | undefined;
}

export interface Described extends Pick<PictureFormat, 'reorder'> {
  init: InitSegment;
}

/**
 * `ftyp` and `moov` of one video track, and how many pictures may be out of order in it. Throws {@link BoxError} for
 * sets of no picture, or that cannot be written.
 */
export function writeInit({ codec, sets, timescale, sound }: VideoToDescribe): Described {
  const named = (name: SetName) => sets.filter((set) => nalKind(codec, set)?.set === name);
  const [sps] = named('sps');
  if (!sps) throw new BoxError('no parameters of the picture');
  const format = pictureFormat(codec, sps);
  const entry = codec === 'H264' ? avc1(format, named('sps'), named('pps')) : hvc1(format, named);
  const ftyp = box('ftyp', Buffer.from('iso5'), u32(512), Buffer.from('iso5iso6mp41'));
  const more = sound ? [soundTrak(SOUND_TRACK_ID, sound)] : [];
  const moov = box('moov', mvhd(), trak(format, timescale, entry), ...more, mvex(sound !== undefined));
  const data = Buffer.concat([ftyp, moov]);
  return { init: { data, movie: parseMovie(required(boxesIn(data), 'moov')) }, reorder: format.reorder };
}

function mvhd(): Buffer {
  const rateAndVolume = Buffer.concat([u32(0x10000), u16(0x100, 0), u32(0, 0)]);
  const times = u32(0, 0, 1_000, 0);
  return fullBox('mvhd', 0, times, rateAndVolume, u32(...UNITY), u32(0, 0, 0, 0, 0, 0), u32(SOUND_TRACK_ID + 1));
}

function trak({ width, height }: PictureFormat, timescale: number, entry: Buffer): Buffer {
  const layer = Buffer.concat([u32(0, 0), u16(0, 0, 0, 0)]);
  const tkhd = fullBox('tkhd', 3, u32(0, 0, TRACK_ID, 0, 0), layer, u32(...UNITY, width * 0x10000, height * 0x10000));
  const mdhd = fullBox('mdhd', 0, u32(0, 0, timescale, 0), u16(NO_LANGUAGE, 0));
  const hdlr = fullBox('hdlr', 0, u32(0), Buffer.from('vide'), u32(0, 0, 0), Buffer.from('video\0'));
  const minf = box('minf', fullBox('vmhd', 1, u16(0, 0, 0, 0)), ...samplesElsewhere(entry));
  return box('trak', tkhd, box('mdia', mdhd, hdlr, minf));
}

function mvex(withSound: boolean): Buffer {
  const tracks = withSound ? [TRACK_ID, SOUND_TRACK_ID] : [TRACK_ID];
  return box('mvex', ...tracks.map((track) => fullBox('trex', 0, u32(track, 1, 0, 0, 0))));
}

/** What both sample entries begin with (§12.1.3). */
function visual({ width, height }: PictureFormat): Buffer {
  const reserved = Buffer.concat([u32(0), u16(0, 1), u32(0, 0, 0, 0)]);
  return Buffer.concat([
    reserved,
    u16(width, height),
    u32(DPI_72, DPI_72, 0),
    u16(1),
    Buffer.alloc(32),
    u16(24, 0xffff),
  ]);
}

/** ISO/IEC 14496-15 §5.3.3.1. */
function avc1(format: PictureFormat, sps: readonly Buffer[], pps: readonly Buffer[]): Buffer {
  if (sps.length > SPS_MAX || pps.length > PPS_MAX) throw new BoxError('more parameter sets than can be counted');
  const [first] = sps;
  const profile = first![1]!;
  const head = Buffer.from([1, profile, first![2]!, first![3]!, 0xfc | (LENGTH_BYTES - 1), 0xe0 | sps.length]);
  const { chroma, lumaBits, chromaBits } = format;
  const depth = [0xfc | chroma, 0xf8 | (lumaBits - 8), 0xf8 | (chromaBits - 8), 0];
  const high = Buffer.from([100, 110, 122, 144, 244].includes(profile) ? depth : []);
  const avcC = box('avcC', head, ...sps.map(sized), Buffer.from([pps.length]), ...pps.map(sized), high);
  return box('avc1', visual(format), avcC);
}

/** ISO/IEC 14496-15 §8.3.3.1; every set stands here (`hvc1`), which some players ask for. */
function hvc1(format: PictureFormat, named: (name: SetName) => readonly Buffer[]): Buffer {
  const { profile, chroma, lumaBits, chromaBits, temporalLayers, temporalNested } = format;
  const layers = (temporalLayers << 3) | (temporalNested ? 4 : 0) | (LENGTH_BYTES - 1);
  const depth = Buffer.from([
    0xf0,
    0,
    0xfc,
    0xfc | chroma,
    0xf8 | (lumaBits - 8),
    0xf8 | (chromaBits - 8),
    0,
    0,
    layers,
  ]);
  const arrays = (['vps', 'sps', 'pps'] as const).map((name, index) => {
    const sets = named(name);
    return Buffer.concat([Buffer.from([COMPLETE | (32 + index)]), u16(sets.length), ...sets.map(sized)]);
  });
  return box('hvc1', visual(format), box('hvcC', Buffer.from([1]), profile, depth, Buffer.from([3]), ...arrays));
}

function sized(set: Buffer): Buffer {
  if (set.length > SET_BYTES_MAX) throw new BoxError('a parameter set that is too long');
  return Buffer.concat([u16(set.length), set]);
}

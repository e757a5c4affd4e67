import type { Codec } from '../../relay/nal-unit.ts';
import { BoxError } from '../boxes.ts';
import { BitReader } from './bit-reader.ts';
import { h264Reorder, h265Reorder } from './picture-order.ts';

/** What a sequence parameter set says of its pictures, as far as an initialisation segment needs it. */
export interface PictureFormat {
  width: number;
  height: number;
  /** 0: grey, 1: 4:2:0, 2: 4:2:2, 3: 4:4:4. */
  chroma: number;
  lumaBits: number;
  chromaBits: number;
  /** Of H.265 alone: profile, tier and level in the 12 bytes of `general_profile_tier_level`. */
  profile: Buffer;
  temporalLayers: number;
  temporalNested: boolean;
  /** Pictures that one may be shown before although they are decoded earlier (B-frames); null where it is not told. */
  reorder: number | null;
}

const SIDE_MAX = 16_384;
const SET_BYTES = 1_024;
/** What three bits hold of them in an initialisation segment. */
const DEPTH_MAX = 15;
const LAYERS_MAX = 7;
/** Profiles whose sets tell chroma and depth (H.264 §7.3.2.1.1). */
const HIGH_PROFILES = new Set([44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244]);
const PROFILE_BYTES = 12;
/** Knows no pictures out of order (H.264 A.2.1). */
const BASELINE = 66;

/** Reads `sps`, a NAL unit with its header. Throws {@link BoxError} for one that says nothing sensible. */
export function pictureFormat(codec: Codec, sps: Buffer): PictureFormat {
  const bits = new BitReader(withoutEmulation(sps.subarray(0, SET_BYTES)));
  const format = codec === 'H264' ? h264Format(bits) : h265Format(bits);
  const { width, height, chroma, lumaBits, chromaBits, temporalLayers } = format;
  const sensible = width > 0 && height > 0 && width <= SIDE_MAX && height <= SIDE_MAX;
  const deep = lumaBits > DEPTH_MAX || chromaBits > DEPTH_MAX || temporalLayers > LAYERS_MAX;
  if (!sensible || chroma > 3 || deep) throw new BoxError('parameters of no picture');
  return format;
}

function h264Format(bits: BitReader): PictureFormat {
  bits.skip(8);
  const profile = bits.read(8);
  bits.skip(16);
  bits.number();
  const high = HIGH_PROFILES.has(profile);
  const { chroma, lumaBits, chromaBits } = high ? h264Depth(bits) : { chroma: 1, lumaBits: 8, chromaBits: 8 };
  bits.number();
  const ordered = h264Order(bits);
  bits.number();
  bits.skip(1);
  const across = bits.number() + 1;
  const down = bits.number() + 1;
  const frames = bits.read(1);
  if (frames === 0) bits.skip(1);
  bits.skip(1);
  const width = across * 16;
  const height = down * 16 * (2 - frames);
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = (chroma === 1 ? 2 : 1) * (2 - frames);
  const cropped = crop(bits, { width, height }, [unitX, unitY]);
  const reorder = ordered || profile === BASELINE ? 0 : h264Reorder(bits);
  return { ...cropped, chroma, lumaBits, chromaBits, ...NO_LAYERS, reorder };
}

const NO_LAYERS = { profile: Buffer.alloc(PROFILE_BYTES), temporalLayers: 1, temporalNested: false };

function h264Depth(bits: BitReader): Pick<PictureFormat, 'chroma' | 'lumaBits' | 'chromaBits'> {
  const chroma = bits.number();
  if (chroma === 3) bits.skip(1);
  const lumaBits = bits.number() + 8;
  const chromaBits = bits.number() + 8;
  bits.skip(1);
  if (bits.read(1) === 1) {
    for (let list = 0; list < (chroma === 3 ? 12 : 8); list += 1) {
      if (bits.read(1) === 1) skipScaling(bits, list < 6 ? 16 : 64);
    }
  }
  return { chroma, lumaBits, chromaBits };
}

/** H.264 §7.3.2.1.1.1. */
function skipScaling(bits: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let index = 0; index < size; index += 1) {
    if (next !== 0) next = (last + bits.signed() + 256) % 256;
    if (next !== 0) last = next;
  }
}

/** How pictures are ordered (`pic_order_cnt_type`); whether that is as they are decoded. */
function h264Order(bits: BitReader): boolean {
  const type = bits.number();
  if (type === 0) bits.number();
  if (type !== 1) return type === 2;
  bits.skip(1);
  bits.signed();
  bits.signed();
  const cycle = bits.number();
  if (cycle > 255) throw new BoxError('parameters of no picture');
  for (let index = 0; index < cycle; index += 1) bits.signed();
  return false;
}

/** H.265 §7.3.2.2.1. */
function h265Format(bits: BitReader): PictureFormat {
  bits.skip(16 + 4);
  const layers = bits.read(3);
  const temporalNested = bits.read(1) === 1;
  const profile = Buffer.from(Array.from({ length: PROFILE_BYTES }, () => bits.read(8)));
  skipSubLayers(bits, layers);
  bits.number();
  const chroma = bits.number();
  if (chroma === 3) bits.skip(1);
  const size = { width: bits.number(), height: bits.number() };
  const units: [number, number] = [chroma === 1 || chroma === 2 ? 2 : 1, chroma === 1 ? 2 : 1];
  const cropped = crop(bits, size, units);
  const lumaBits = bits.number() + 8;
  const chromaBits = bits.number() + 8;
  const reorder = h265Reorder(bits, layers);
  return { ...cropped, chroma, lumaBits, chromaBits, profile, temporalLayers: layers + 1, temporalNested, reorder };
}

/** H.265 §7.3.3. */
function skipSubLayers(bits: BitReader, layers: number): void {
  if (layers === 0) return;
  const present: [number, number][] = [];
  for (let index = 0; index < 8; index += 1) {
    const flags: [number, number] = [bits.read(1), bits.read(1)];
    if (index < layers) present.push(flags);
  }
  for (const [profile, level] of present) bits.skip(profile * 88 + level * 8);
}

interface Size {
  width: number;
  height: number;
}

function crop(bits: BitReader, { width, height }: Size, [unitX, unitY]: [number, number]): Size {
  if (bits.read(1) === 0) return { width, height };
  const [left, right, top, bottom] = [bits.number(), bits.number(), bits.number(), bits.number()];
  return { width: width - (left + right) * unitX, height: height - (top + bottom) * unitY };
}

/** The bytes without those that only keep start codes from appearing (H.264 §7.4.1). */
function withoutEmulation(nal: Buffer): Buffer {
  const bytes: number[] = [];
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    bytes.push(byte);
  }
  return Buffer.from(bytes);
}

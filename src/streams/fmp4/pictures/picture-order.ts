import { BoxError } from '../boxes.ts';
import type { BitReader } from './bit-reader.ts';

/** As many pictures as a decoder holds at most. */
const HELD_MAX = 16;
const ANY_SHAPE = 255;

/** How many pictures may be out of order; `bits` stand before `vui_parameters_present_flag` (H.264 E.1.1). */
export function h264Reorder(bits: BitReader): number | null {
  return orUnknown(() => {
    if (!bits.flag()) return null;
    if (bits.flag() && bits.read(8) === ANY_SHAPE) bits.skip(32);
    if (bits.flag()) bits.skip(1);
    if (bits.flag()) {
      bits.skip(4);
      if (bits.flag()) bits.skip(24);
    }
    if (bits.flag()) {
      bits.number();
      bits.number();
    }
    if (bits.flag()) bits.skip(65);
    const buffers = [bits, bits].map((some) => {
      const told = some.flag();
      if (told) skipBuffer(some);
      return told;
    });
    if (buffers.includes(true)) bits.skip(1);
    bits.skip(1);
    if (!bits.flag()) return null;
    bits.skip(1);
    for (let number = 0; number < 4; number += 1) bits.number();
    return bits.number();
  });
}

/** H.264 E.1.2. */
function skipBuffer(bits: BitReader): void {
  const count = bits.number() + 1;
  if (count > 32) throw new BoxError('parameters of no picture');
  bits.skip(8);
  for (let index = 0; index < count; index += 1) {
    bits.number();
    bits.number();
    bits.skip(1);
  }
  bits.skip(20);
}

/** As {@link h264Reorder}; `bits` stand before `log2_max_pic_order_cnt_lsb_minus4` (H.265 §7.3.2.2.1). */
export function h265Reorder(bits: BitReader, layers: number): number | null {
  return orUnknown(() => {
    bits.number();
    const each = bits.flag();
    let reorder = 0;
    for (let layer = each ? 0 : layers; layer <= layers; layer += 1) {
      bits.number();
      reorder = bits.number();
      bits.number();
    }
    return reorder;
  });
}

/** What stands so far behind is left out by some cameras, and cut off by others. */
function orUnknown(read: () => number | null): number | null {
  try {
    const reorder = read();
    return reorder !== null && reorder <= HELD_MAX ? reorder : null;
  } catch (error) {
    if (error instanceof BoxError) return null;
    throw error;
  }
}

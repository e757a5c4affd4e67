import { BoxError, ByteCursor } from '../boxes.ts';

/** What every track says of itself (ISO/IEC 14496-12 §8.3, §8.4). */

export function handlerOf(hdlr: Buffer): string {
  const cursor = new ByteCursor(hdlr);
  cursor.skip(8);
  return cursor.type();
}

export function trackIdOf(tkhd: Buffer): number {
  const cursor = new ByteCursor(tkhd);
  const version = cursor.u8();
  cursor.skip(version === 1 ? 19 : 11);
  return cursor.u32();
}

export function timescaleOf(mdhd: Buffer): number {
  const cursor = new ByteCursor(mdhd);
  const version = cursor.u8();
  cursor.skip(version === 1 ? 19 : 11);
  const timescale = cursor.u32();
  if (timescale === 0) throw new BoxError('timescale 0');
  return timescale;
}

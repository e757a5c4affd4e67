import { type Box, BoxError, ByteCursor, boxesIn, required } from '../boxes.ts';

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

/** What holds for the samples of a track where a fragment leaves it out. */
export interface TrackDefaults {
  trackId: number;
  sampleDuration: number;
  sampleFlags: number;
}

/** Those of `trex`; throws {@link BoxError} where the movie has none for the track. */
export function defaultsOf(moov: readonly Box[], trackId: number): TrackDefaults {
  for (const { type, body } of boxesIn(required(moov, 'mvex'))) {
    if (type !== 'trex') continue;
    const cursor = new ByteCursor(body);
    cursor.skip(4);
    if (cursor.u32() !== trackId) continue;
    cursor.skip(4);
    const sampleDuration = cursor.u32();
    cursor.skip(4);
    return { trackId, sampleDuration, sampleFlags: cursor.u32() };
  }
  throw new BoxError('no defaults for a track');
}

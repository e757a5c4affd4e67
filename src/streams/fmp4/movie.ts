import { BoxError, ByteCursor, boxesIn, required } from './boxes.ts';
import { type MovieSound, movieSound } from './tracks/movie-sound.ts';
import { defaultsOf, handlerOf, type TrackDefaults, timescaleOf, trackIdOf } from './tracks/track-boxes.ts';

/** The video track of an initialisation segment (`moov`). */
export interface Movie extends TrackDefaults {
  /** Units per second of every time in the track. */
  timescale: number;
  /** RFC 6381 codec text for players, such as `avc1.4d401f`. */
  codec: string;
  width: number;
  height: number;
  /** The track of sound beside it. */
  sound: MovieSound | null;
}

/** RFC 6381 codec text of everything in it, as players ask for it. */
export function codecsOf({ codec, sound }: Pick<Movie, 'codec' | 'sound'>): string {
  return sound ? `${codec},${sound.codec}` : codec;
}

/** Reads the first video track. Throws {@link BoxError} for anything that is not a playable one. */
export function parseMovie(moov: Buffer): Movie {
  const boxes = boxesIn(moov);
  for (const { type, body } of boxes) {
    if (type !== 'trak') continue;
    const trak = boxesIn(body);
    const mdia = boxesIn(required(trak, 'mdia'));
    if (handlerOf(required(mdia, 'hdlr')) !== 'vide') continue;
    const trackId = trackIdOf(required(trak, 'tkhd'));
    const stbl = boxesIn(required(boxesIn(required(mdia, 'minf')), 'stbl'));
    return {
      timescale: timescaleOf(required(mdia, 'mdhd')),
      ...sampleEntryOf(required(stbl, 'stsd')),
      ...defaultsOf(boxes, trackId),
      sound: movieSound(boxes),
    };
  }
  throw new BoxError('no video track');
}

function sampleEntryOf(stsd: Buffer): Pick<Movie, 'codec' | 'width' | 'height'> {
  const cursor = new ByteCursor(stsd);
  cursor.skip(4);
  if (cursor.u32() < 1) throw new BoxError('no sample entry');
  const entry = boxesIn(cursor.rest())[0]!;
  const fields = new ByteCursor(entry.body);
  fields.skip(24);
  const width = fields.u16();
  const height = fields.u16();
  fields.skip(50);
  const inner = boxesIn(fields.rest());
  if (entry.type === 'avc1') return { width, height, codec: avcCodec(required(inner, 'avcC')) };
  if (entry.type === 'hvc1' || entry.type === 'hev1') {
    return { width, height, codec: hevcCodec(entry.type, required(inner, 'hvcC')) };
  }
  throw new BoxError('sample entry is neither H.264 nor H.265');
}

function avcCodec(avcC: Buffer): string {
  if (avcC.length < 7) throw new BoxError('no H.264 parameter sets');
  return `avc1.${avcC.toString('hex', 1, 4)}`;
}

/** ISO/IEC 14496-15 annex E: profile, compatibility flags in reverse bit order, tier and level, constraint bytes. */
function hevcCodec(entry: string, hvcC: Buffer): string {
  const cursor = new ByteCursor(hvcC);
  cursor.skip(1);
  const first = cursor.u8();
  const space = ['', 'A', 'B', 'C'][first >> 6];
  const compatibility = reverseBits(cursor.u32());
  const constraints = Array.from({ length: 6 }, () => cursor.u8());
  while (constraints.at(-1) === 0) constraints.pop();
  const tier = first & 0x20 ? 'H' : 'L';
  const parts = [entry, `${space}${first & 0x1f}`, compatibility.toString(16).toUpperCase(), `${tier}${cursor.u8()}`];
  return [...parts, ...constraints.map((byte) => byte.toString(16).toUpperCase())].join('.');
}

function reverseBits(value: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit += 1) reversed = reversed * 2 + ((value >>> bit) & 1);
  return reversed;
}

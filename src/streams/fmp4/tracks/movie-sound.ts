import { type Box, ByteCursor, boxesIn, required } from '../boxes.ts';
import { defaultsOf, handlerOf, type TrackDefaults, timescaleOf, trackIdOf } from './track-boxes.ts';

/** The track of sound of an initialisation segment. */
export interface MovieSound extends TrackDefaults {
  timescale: number;
  /** RFC 6381 codec text. */
  codec: string;
  channels: 1 | 2;
  /** What its decoder must know (AudioSpecificConfig, ISO/IEC 14496-3 §1.6.2.1), hex. */
  config: string;
}

/** Sample entry of sound without what it holds (ISO/IEC 14496-12 §12.2.3). */
const ENTRY_BYTES = 28;
const LOW_COMPLEXITY = 2;
const CONFIG_BYTES = 2;

/** The first track of AAC-LC in mono or stereo, which is all that both engines write. */
export function movieSound(moov: readonly Box[]): MovieSound | null {
  for (const { type, body } of moov) {
    if (type !== 'trak') continue;
    const trak = boxesIn(body);
    const mdia = boxesIn(required(trak, 'mdia'));
    if (handlerOf(required(mdia, 'hdlr')) !== 'soun') continue;
    const stbl = boxesIn(required(boxesIn(required(mdia, 'minf')), 'stbl'));
    const entry = boxesIn(required(stbl, 'stsd').subarray(8))[0];
    const told = entry?.type === 'mp4a' ? decoderOf(entry.body) : null;
    if (told === null) continue;
    const timescale = timescaleOf(required(mdia, 'mdhd'));
    return { ...defaultsOf(moov, trackIdOf(required(trak, 'tkhd'))), timescale, codec: 'mp4a.40.2', ...told };
  }
  return null;
}

/** As its decoder is told: what stands in the entry itself is always 2 where ffmpeg writes it. */
function decoderOf(entry: Buffer): Pick<MovieSound, 'channels' | 'config'> | null {
  const cursor = new ByteCursor(required(boxesIn(entry.subarray(ENTRY_BYTES)), 'esds'));
  cursor.skip(4);
  // Descriptions within each other (ISO/IEC 14496-1 §7.2.6): the stream, its decoder, what the decoder must know.
  for (const fieldBytes of [3, 13]) {
    enter(cursor);
    cursor.skip(fieldBytes);
  }
  enter(cursor);
  const bytes = cursor.rest().subarray(0, CONFIG_BYTES);
  const config = cursor.u16();
  const channels = (config >> 3) & 15;
  const isKnown = config >> 11 === LOW_COMPLEXITY && (channels === 1 || channels === 2);
  return isKnown ? { channels, config: bytes.toString('hex') } : null;
}

/** Goes past a tag and a length of one to four bytes. */
function enter(cursor: ByteCursor): void {
  cursor.skip(1);
  for (let bytes = 0; bytes < 4; bytes += 1) if (cursor.u8() < 0x80) return;
}

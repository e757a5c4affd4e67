import { box, fullBox, NO_LANGUAGE, samplesElsewhere, UNITY, u16, u32 } from '../box-writer.ts';

/** AAC as an initialisation segment tells it. */
export interface SoundToDescribe {
  /** AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1). */
  config: Buffer;
  sampleRate: number;
  channels: number;
}

const FULL_VOLUME = 0x100;
const SAMPLE_BITS = 16;
/** Object type AAC, a stream of sound (ISO/IEC 14496-1 §7.2.6.6). */
const AAC = 0x40;
const SOUND_STREAM = 0x15;

/** A track of AAC whose timescale is its sample rate. */
export function soundTrak(trackId: number, { config, sampleRate, channels }: SoundToDescribe): Buffer {
  const volume = Buffer.concat([u32(0, 0), u16(0, 1, FULL_VOLUME, 0)]);
  const tkhd = fullBox('tkhd', 3, u32(0, 0, trackId, 0, 0), volume, u32(...UNITY, 0, 0));
  const mdhd = fullBox('mdhd', 0, u32(0, 0, sampleRate, 0), u16(NO_LANGUAGE, 0));
  const hdlr = fullBox('hdlr', 0, u32(0), Buffer.from('soun'), u32(0, 0, 0), Buffer.from('sound\0'));
  const head = Buffer.concat([
    u32(0),
    u16(0, 1),
    u32(0, 0),
    u16(channels, SAMPLE_BITS, 0, 0),
    u32(sampleRate * 0x10000),
  ]);
  const entry = box('mp4a', head, esds(config));
  const minf = box('minf', fullBox('smhd', 0, u16(0, 0)), ...samplesElsewhere(entry));
  return box('trak', tkhd, box('mdia', mdhd, hdlr, minf));
}

/** Each description behind its tag and length. */
function esds(config: Buffer): Buffer {
  const decoder = Buffer.concat([Buffer.from([AAC, SOUND_STREAM, 0, 0, 0]), u32(0, 0), described(5, config)]);
  const stream = Buffer.concat([u16(0), Buffer.from([0]), described(4, decoder), described(6, Buffer.from([2]))]);
  return fullBox('esds', 0, described(3, stream));
}

function described(tag: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, body.length]), body]);
}

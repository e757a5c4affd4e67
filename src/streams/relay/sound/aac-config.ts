/** What a decoder of AAC must know (AudioSpecificConfig, ISO/IEC 14496-3 §1.6.2.1). */
export interface AacConfig {
  config: Buffer;
  sampleRate: number;
  channels: 1 | 2;
}

/** Samples of each channel in one frame. */
export const AAC_FRAME_SAMPLES = 1_024;

const RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
const LOW_COMPLEXITY = 2;

/** AAC-LC in mono or stereo with frames of 1,024 samples; null for everything else. */
export function aacConfigOf(config: Buffer): AacConfig | null {
  if (config.length < 2) return null;
  const bits = config.readUInt16BE(0);
  const sampleRate = RATES[(bits >> 7) & 15];
  const channels = (bits >> 3) & 15;
  const isShort = (bits & 4) !== 0;
  if (bits >> 11 !== LOW_COMPLEXITY || sampleRate === undefined || isShort) return null;
  return channels === 1 || channels === 2 ? { config: Buffer.from(config.subarray(0, 2)), sampleRate, channels } : null;
}

/** That of AAC-LC where a description leaves it out. */
export function aacConfig(sampleRate: number, channels: number): AacConfig | null {
  const index = RATES.indexOf(sampleRate);
  if (index < 0) return null;
  const config = Buffer.alloc(2);
  config.writeUInt16BE((LOW_COMPLEXITY << 11) | (index << 7) | ((channels & 15) << 3));
  return aacConfigOf(config);
}

/**
 * A frame of AAC-LC in which nothing sounds: one element without any band, and the end (§4.4.2.1). Mono: element 0,
 * tag, gain, window, no bands, no pulses, noise shaping and gain control; stereo: both channels in one element 1.
 */
export function silentFrame(channels: 1 | 2): Buffer {
  const window = '0'.repeat(11);
  const tools = '000';
  const mono = `000${'0000'}${'00000000'}${window.slice(0, 10)}0${tools}`;
  const channel = `${'00000000'}${tools}`;
  const stereo = `001${'0000'}1${window}00${channel}${channel}`;
  const bits = `${channels === 1 ? mono : stereo}111`;
  return Buffer.from(
    (bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)),
  );
}

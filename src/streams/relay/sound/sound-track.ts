import { codecName, staticName } from '../codec-names.ts';
import { attribute, describedMedia, parametersOf, resolveControl } from '../sdp.ts';
import { type AacConfig, aacConfig, aacConfigOf } from './aac-config.ts';

/** How sound is coded: AAC as it stands in MP4, or G.711 (A-law, mu-law), which has to be coded anew. */
export type SoundCoding =
  | ({ codec: 'AAC'; headers: AacHeaders } & AacConfig)
  | { codec: 'PCMA' | 'PCMU'; sampleRate: number; channels: 1 };

/** Bits of the fields before each frame (RFC 3640 §3.2.1). */
export interface AacHeaders {
  sizeBits: number;
  indexBits: number;
  deltaBits: number;
}

/** The track of sound that is taken. */
export interface SoundTrack {
  coding: SoundCoding;
  payloadType: number;
  /** Units a second of its stamps. */
  clockRate: number;
  /** Address for SETUP, in the camera's own words. */
  controlUri: string;
}

/** What a description offers of sound. */
export interface SoundOffer {
  track: SoundTrack | null;
  /** What of it is not taken, in words of ours; null where nothing is left out. */
  note: string | null;
}

const FORMATS_MAX = 8;
const BITS_MAX = 16;
const G711_RATES = { min: 8_000, max: 48_000 };

/** Finds the first track of sound that can be taken; `base` as of the video. The others are told of. */
export function soundOffer(text: string, base: string): SoundOffer {
  // What the camera would hear is no sound of it (ONVIF back channel).
  const all = describedMedia(text).filter(
    (media) => /^m=audio /i.test(media[0] ?? '') && !media.includes('a=sendonly'),
  );
  let track: SoundTrack | null = null;
  const others: string[] = [];
  for (const media of all) {
    const found: SoundTrack | string = track ? 'another track' : trackOf(media, base);
    if (typeof found === 'string') others.push(found);
    else track = found;
  }
  const note = others.length === 0 ? null : `Of its sound is left out: ${[...new Set(others)].join(', ')}.`;
  return { track, note };
}

/** The track, or what it is that cannot be taken. */
function trackOf(media: readonly string[], base: string): SoundTrack | string {
  const line = /^m=audio +\S{1,11} +RTP\/S?AVPF?(?:\/(?:TCP|UDP))? +([\d ]{1,64})/i.exec(media[0]!)?.[1] ?? '';
  let other = 'a codec that is not known';
  for (const payloadType of line.split(' ').filter(Boolean).slice(0, FORMATS_MAX).map(Number)) {
    const map = new RegExp(`^a=rtpmap: *${payloadType} +([A-Za-z0-9-]{1,32}) *(?:/ *(\\d{1,6}))?(?: */ *(\\d))?`, 'i');
    const named = media.map((one) => map.exec(one)).find((found) => found !== null);
    const name = (named?.[1] ?? staticName(payloadType) ?? '').toUpperCase();
    const told = { name, rate: Number(named?.[2] ?? 0), channels: Number(named?.[3] ?? 1) };
    const coding = codingOf(told, parametersOf(media, payloadType));
    if (!coding) {
      other = codecName(name) ?? other;
      continue;
    }
    const controlUri = resolveControl(attribute(media, 'control') ?? '*', base);
    return { coding, payloadType, clockRate: told.rate || coding.sampleRate, controlUri };
  }
  return other;
}

interface Told {
  name: string;
  /** 0 where it is not told. */
  rate: number;
  channels: number;
}

function codingOf({ name, rate, channels }: Told, parameters: ReadonlyMap<string, string> | null): SoundCoding | null {
  if (name === 'PCMA' || name === 'PCMU') {
    const sampleRate = rate || G711_RATES.min;
    const isTaken = channels === 1 && sampleRate >= G711_RATES.min && sampleRate <= G711_RATES.max;
    return isTaken ? { codec: name, sampleRate, channels: 1 } : null;
  }
  if (name !== 'MPEG4-GENERIC' || !parameters) return null;
  const bits = (field: string): number =>
    Math.min(BITS_MAX, Number(/^\d{1,2}$/.exec(parameters.get(field) ?? '')?.[0] ?? 0));
  const headers = { sizeBits: bits('sizelength'), indexBits: bits('indexlength'), deltaBits: bits('indexdeltalength') };
  const hex = /^(?:[0-9a-f]{2}){2,32}$/i.exec(parameters.get('config') ?? '')?.[0];
  const config = hex ? aacConfigOf(Buffer.from(hex, 'hex')) : aacConfig(rate, channels);
  if (!config || headers.sizeBits < 6) return null;
  return { codec: 'AAC', headers, ...config };
}

import { StreamFailure } from '../pool/types.ts';
import { codecName, staticName } from './codec-names.ts';
import { type Codec, nalKind } from './nal-unit.ts';

/** The one video track we take from a camera's description (RFC 8866), and nothing else of it. */
export interface VideoTrack {
  codec: Codec;
  payloadType: number;
  /** Units a second of its stamps. */
  clockRate: number;
  /** Parameter sets of the description, as NAL units; not checked further, and often those of another stream. */
  sets: readonly Buffer[];
  /** Address for SETUP, in the camera's own words; sent only over the connection that is open already. */
  controlUri: string;
  /** Address for PLAY and TEARDOWN. */
  aggregateUri: string;
}

/** Payload type of the video in our own description. */
export const OUR_PAYLOAD_TYPE = 96;

const MEDIA_MAX = 32;
const FORMATS_MAX = 16;
const SETS_MAX = 16;
const CLOCK_RATE = 90_000;
const URI = /^[!-~]{1,2048}$/;
const BASE64_LIST = /^[A-Za-z0-9+/=,]{1,32768}$/;

/** Parameters of `a=fmtp` that hold parameter sets (RFC 6184 §8.1, RFC 7798 §7.1). */
const SPROPS: Readonly<Record<Codec, readonly string[]>> = {
  H264: ['sprop-parameter-sets'],
  H265: ['sprop-vps', 'sprop-sps', 'sprop-pps'],
};

const CODECS: Readonly<Record<string, Codec>> = { H264: 'H264', H265: 'H265', HEVC: 'H265' };

/**
 * Finds the first H.264 or H.265 track. `base` is the address that relative control addresses belong to. Hosts and
 * ports in the description are not read: media come over this connection or not at all.
 */
export function videoTrack(text: string, base: string): VideoTrack {
  const lines = linesOf(text);
  const all = sections(lines);
  const [session = [], ...media] = all;
  if (media.length === 0) throw new StreamFailure('nonsense', 'The description is not SDP.');
  if (media.length > MEDIA_MAX) throw new StreamFailure('nonsense', 'A description of too many media.');
  const aggregateUri = resolveControl(attribute(session, 'control') ?? '*', base);
  for (const section of media) {
    const found = videoOf(section, lines);
    const control = attribute(section, 'control') ?? '*';
    if (found) return { ...found, controlUri: resolveControl(control, base), aggregateUri };
  }
  throw new StreamFailure('codec-unsupported', otherVideo(media));
}

/** What the camera sends in place of what we can show, as far as its name is known. */
function otherVideo(media: readonly string[][]): string {
  const video = media.filter(([line]) => /^m=video /i.test(line ?? ''));
  if (video.length === 0) return 'It offers no video.';
  const names = video.flatMap((section) => {
    const maps = section.flatMap((line) => /^a=rtpmap: *\d{1,3} +([A-Za-z0-9-]{1,32})/i.exec(line)?.[1] ?? []);
    const types = (/^m=video +\S+ +\S+ +([\d ]{1,64})/i.exec(section[0]!)?.[1] ?? '').split(' ').map(Number);
    return [...maps, ...types.flatMap((type) => staticName(type) ?? [])];
  });
  const known = names.slice(0, FORMATS_MAX).flatMap((name) => codecName(name) ?? []);
  return known.length === 0 ? 'Its codec is not known.' : `It sends ${[...new Set(known)].join(', ')}.`;
}

/** The lines of each medium of a description; at most as many media as a camera has reason to offer. */
export function describedMedia(text: string): string[][] {
  return sections(linesOf(text)).slice(1, 1 + MEDIA_MAX);
}

function linesOf(text: string): string[] {
  return text.split(/\r\n|\n|\r/).map((line) => line.trim());
}

/** The lines before the first medium, which some cameras leave out, and those of each medium. */
function sections(lines: readonly string[]): string[][] {
  const all: string[][] = [[]];
  for (const line of lines) {
    if (line.startsWith('m=')) all.push([]);
    all.at(-1)!.push(line);
  }
  return all;
}

/** The value of an attribute; null where it is not there. */
export function attribute(lines: readonly string[], name: string): string | null {
  const prefix = `a=${name}:`;
  const line = lines.find((one) => one.toLowerCase().startsWith(prefix));
  return line?.slice(prefix.length).trim() ?? null;
}

type Coding = Pick<VideoTrack, 'codec' | 'payloadType' | 'clockRate' | 'sets'>;

function videoOf(section: readonly string[], lines: readonly string[]): Coding | null {
  const media = /^m=video +\S{1,11} +RTP\/S?AVPF?(?:\/(?:TCP|UDP))? +([\d ]{1,64})/i.exec(section[0] ?? '');
  const types = (media?.[1] ?? '').split(' ').filter((type) => type !== '' && Number(type) <= 127);
  for (const type of types.slice(0, FORMATS_MAX).map(Number)) {
    // Cameras put the parameters of their video behind another medium (AlexxIT/WebRTC #419).
    const parameters = parametersOf(section, type) ?? parametersOf(lines, type) ?? new Map<string, string>();
    const coding = codingOf(section, type, parameters);
    if (coding) return { ...coding, payloadType: type, sets: setsOf(parameters, coding.codec) };
  }
  return null;
}

/** The codec by its name, or where that is missing by the parameters that only it has. */
function codingOf(
  section: readonly string[],
  payloadType: number,
  parameters: ReadonlyMap<string, string>,
): Pick<VideoTrack, 'codec' | 'clockRate'> | null {
  const map = new RegExp(`^a=rtpmap: *${payloadType} +([A-Za-z0-9-]{1,32}) *(?:/ *(\\d{1,6}))?`, 'i');
  const named = section.map((line) => map.exec(line)).find((found) => found !== null);
  if (named) {
    const codec = CODECS[named[1]!.toUpperCase()];
    return codec ? { codec, clockRate: Number(named[2] ?? 0) || CLOCK_RATE } : null;
  }
  for (const codec of ['H264', 'H265'] as const) {
    if (SPROPS[codec].some((name) => parameters.has(name))) return { codec, clockRate: CLOCK_RATE };
  }
  return null;
}

/** The parameters of a payload type, by lower-case name; null where there is no line for it. */
export function parametersOf(lines: readonly string[], payloadType: number): Map<string, string> | null {
  const prefix = new RegExp(`^a=fmtp: *${payloadType} +`, 'i');
  const line = lines.find((one) => prefix.test(one));
  if (line === undefined) return null;
  const parameters = new Map<string, string>();
  for (const pair of line.replace(prefix, '').split(';')) {
    // Base64 ends in `=`, so only the first one divides.
    const [name = '', ...rest] = pair.split('=');
    parameters.set(name.trim().toLowerCase(), rest.join('=').trim());
  }
  return parameters;
}

function setsOf(parameters: ReadonlyMap<string, string>, codec: Codec): Buffer[] {
  const texts = SPROPS[codec].flatMap((name) => {
    const value = parameters.get(name) ?? '';
    return BASE64_LIST.test(value) ? value.split(',') : [];
  });
  return texts
    .slice(0, SETS_MAX)
    .map((text) => Buffer.from(text, 'base64'))
    .filter((set) => set.length > 0);
}

/**
 * RFC 2326 C.1.1: `*` is the base itself, an absolute address stands as it is, all else is put behind the base, with
 * one slash between them.
 */
export function resolveControl(control: string, base: string): string {
  const joined = `${base.replace(/\/$/, '')}/${control.replace(/^\//, '')}`;
  const isBase = control === '*' || control === '';
  const uri = isBase ? base : /^rtsp:\/\//i.test(control) ? control : joined;
  if (!URI.test(uri)) throw new StreamFailure('nonsense', 'A control address that is none.');
  return uri;
}

/**
 * The description ffmpeg gets: written by us, with the parameter sets that the stream really has; `sound` has the lines
 * of a track of sound.
 */
export function localDescription(codec: Codec, sets: readonly Buffer[], sound: readonly string[] = []): string {
  const lines = [
    'v=0',
    'o=- 0 0 IN IP4 127.0.0.1',
    's=camera',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    'a=control:*',
    `m=video 0 RTP/AVP ${OUR_PAYLOAD_TYPE}`,
    `a=rtpmap:${OUR_PAYLOAD_TYPE} ${codec}/${CLOCK_RATE}`,
    `a=fmtp:${OUR_PAYLOAD_TYPE} ${formatOf(codec, sets).join(';')}`,
    'a=control:video',
    ...sound,
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function formatOf(codec: Codec, sets: readonly Buffer[]): string[] {
  const named = (name: 'vps' | 'sps' | 'pps') => sets.filter((set) => nalKind(codec, set)?.set === name);
  const list = (some: readonly Buffer[]) => some.map((set) => set.toString('base64')).join(',');
  if (codec === 'H264') return ['packetization-mode=1', `sprop-parameter-sets=${list(sets)}`];
  return (['vps', 'sps', 'pps'] as const).map((name) => `sprop-${name}=${list(named(name))}`);
}

import { StreamFailure } from '../types.ts';

/** The one video track we take from a camera's description (RFC 8866), and nothing else of it. */
export interface VideoTrack {
  codec: 'H264' | 'H265';
  payloadType: number;
  /** Parameters that ffmpeg needs, each checked against its own form. */
  parameters: ReadonlyMap<string, string>;
  /** Address for SETUP, in the camera's own words; sent only over the connection that is open already. */
  controlUri: string;
  /** Address for PLAY and TEARDOWN. */
  aggregateUri: string;
}

const MEDIA_MAX = 32;
const URI = /^[!-~]{1,2048}$/;
const BASE64_LIST = /^[A-Za-z0-9+/=,]{1,32768}$/;

/** Parameters of `a=fmtp` (RFC 6184, RFC 7798) that are passed on, and the form each must have. */
const PARAMETERS: ReadonlyMap<string, RegExp> = new Map([
  ['H264 packetization-mode', /^[012]$/],
  ['H264 profile-level-id', /^[0-9A-Fa-f]{6}$/],
  ['H264 sprop-parameter-sets', BASE64_LIST],
  ['H265 sprop-vps', BASE64_LIST],
  ['H265 sprop-sps', BASE64_LIST],
  ['H265 sprop-pps', BASE64_LIST],
]);

/**
 * Finds the first H.264 or H.265 track. `base` is the address that relative control addresses belong to. Hosts and
 * ports in the description are not read: media come over this connection or not at all.
 */
export function videoTrack(text: string, base: string): VideoTrack {
  const [session = [], ...media] = sections(text);
  if (media.length > MEDIA_MAX) throw new StreamFailure('nonsense', 'A description of too many media.');
  const aggregateUri = resolveControl(attribute(session, 'control') ?? '*', base);
  for (const lines of media) {
    const found = videoOf(lines);
    const control = attribute(lines, 'control') ?? '*';
    if (found) return { ...found, controlUri: resolveControl(control, base), aggregateUri };
  }
  throw new StreamFailure('codec-unsupported');
}

function sections(text: string): string[][] {
  if (!text.startsWith('v=0')) throw new StreamFailure('nonsense', 'The description is not SDP.');
  const all: string[][] = [[]];
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line.startsWith('m=')) all.push([]);
    all.at(-1)!.push(line);
  }
  return all;
}

function attribute(lines: readonly string[], name: string): string | null {
  const prefix = `a=${name}:`;
  return (
    lines
      .find((line) => line.startsWith(prefix))
      ?.slice(prefix.length)
      .trim() ?? null
  );
}

function videoOf(lines: readonly string[]): Pick<VideoTrack, 'codec' | 'payloadType' | 'parameters'> | null {
  const media = /^m=video \d{1,5}(?:\/\d{1,5})? RTP\/S?AVPF? (\d{1,3})\b/.exec(lines[0] ?? '');
  const payloadType = Number(media?.[1] ?? Number.NaN);
  if (!(payloadType <= 127)) return null;
  const map = new RegExp(`^a=rtpmap: ?${payloadType} +(H264|H265)/90000\\b`, 'i');
  const name = lines.map((line) => map.exec(line)?.[1]).find((found) => found !== undefined);
  if (!name) return null;
  const codec = name.toUpperCase() as VideoTrack['codec'];
  return { codec, payloadType, parameters: parametersOf(lines, payloadType, codec) };
}

function parametersOf(lines: readonly string[], payloadType: number, codec: VideoTrack['codec']): Map<string, string> {
  const prefix = new RegExp(`^a=fmtp: ?${payloadType} +`);
  const line = lines.find((one) => prefix.test(one)) ?? '';
  const kept = new Map<string, string>();
  for (const pair of line.replace(prefix, '').split(';')) {
    // Base64 ends in `=`, so only the first one divides.
    const [name = '', ...rest] = pair.split('=');
    const known = name.trim().toLowerCase();
    const value = rest.join('=').trim();
    if (PARAMETERS.get(`${codec} ${known}`)?.test(value)) kept.set(known, value);
  }
  return kept;
}

/** RFC 2326 C.1.1: `*` is the base itself, an absolute address stands as it is, all else is put behind the base. */
function resolveControl(control: string, base: string): string {
  const absolute = /^rtsp:\/\//i.test(control);
  const joined = base.endsWith('/') ? `${base}${control}` : `${base}/${control}`;
  const uri = control === '*' ? base : absolute ? control : joined;
  if (!URI.test(uri)) throw new StreamFailure('nonsense', 'A control address that is none.');
  return uri;
}

/** The description ffmpeg gets: written by us, with one track and checked values only. */
export function localDescription(track: VideoTrack): string {
  const { payloadType, codec } = track;
  const parameters = [...track.parameters].map(([name, value]) => `${name}=${value}`).join(';');
  const lines = [
    'v=0',
    'o=- 0 0 IN IP4 127.0.0.1',
    's=camera',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    'a=control:*',
    `m=video 0 RTP/AVP ${payloadType}`,
    `a=rtpmap:${payloadType} ${codec}/90000`,
    ...(parameters === '' ? [] : [`a=fmtp:${payloadType} ${parameters}`]),
    'a=control:video',
  ];
  return `${lines.join('\r\n')}\r\n`;
}

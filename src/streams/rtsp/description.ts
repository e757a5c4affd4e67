import type { VideoSetup } from '../fmp4/annex-b.ts';
import { NAL_HEADER_BYTES, nalKind } from '../relay/nal-unit.ts';
import type { AacConfig } from '../relay/sound/aac-config.ts';

/** What a player may set up, by what is put behind the address of the stream for it. */
export type TrackName = 'video' | 'sound';

/** Payload types, of those that a description gives a meaning (RFC 3551 §6). */
export const PAYLOAD_TYPES = { video: 96, sound: 97 } as const;

/** The tracks of a stream as players are told of them. */
export interface ShownTracks {
  video: VideoSetup;
  /** Null where it has none that is shown. */
  sound: AacConfig | null;
}

/** The description (RFC 8866) of a stream for players: its tracks, which come over the connection that is open. */
export function describeTracks({ video, sound }: ShownTracks): string {
  const codec = video.format === 'h264' ? 'H264' : 'H265';
  const lines = [
    'v=0',
    'o=- 0 0 IN IP4 127.0.0.1',
    's=citywatch',
    'c=IN IP4 0.0.0.0',
    't=0 0',
    'a=control:*',
    ...trackLines('video', `${codec}/90000`, pictureParameters(video)),
    ...(sound
      ? trackLines('audio', `MPEG4-GENERIC/${sound.sampleRate}/${sound.channels}`, soundParameters(sound))
      : []),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function trackLines(media: 'video' | 'audio', coding: string, parameters: readonly string[]): string[] {
  const track: TrackName = media === 'video' ? 'video' : 'sound';
  const type = PAYLOAD_TYPES[track];
  return [
    `m=${media} 0 RTP/AVP ${type}`,
    `a=rtpmap:${type} ${coding}`,
    `a=fmtp:${type} ${parameters.join(';')}`,
    `a=control:${track}`,
  ];
}

/** RFC 6184 §8.1 and RFC 7798 §7.1. */
function pictureParameters({ format, sets }: VideoSetup): string[] {
  const codec = format === 'h264' ? 'H264' : 'H265';
  const named = (name: 'vps' | 'sps' | 'pps') => sets.filter((set) => nalKind(codec, set)?.set === name);
  const list = (some: readonly Buffer[]) => some.map((set) => set.toString('base64')).join(',');
  if (codec === 'H265') return (['vps', 'sps', 'pps'] as const).map((name) => `sprop-${name}=${list(named(name))}`);
  const [sps] = named('sps');
  const profile = sps?.toString('hex', NAL_HEADER_BYTES.H264, 4) ?? '';
  return ['packetization-mode=1', `profile-level-id=${profile}`, `sprop-parameter-sets=${list(sets)}`];
}

/** RFC 3640 §4.1; the AAC profile at level 2, which has two channels (ISO/IEC 14496-3 §1.5.2). */
function soundParameters({ config }: AacConfig): string[] {
  const sizes = ['sizelength=13', 'indexlength=3', 'indexdeltalength=3'];
  return ['streamtype=5', 'profile-level-id=41', 'mode=AAC-hbr', ...sizes, `config=${config.toString('hex')}`];
}

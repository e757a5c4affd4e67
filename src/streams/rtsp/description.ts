import type { VideoSetup } from '../fmp4/annex-b.ts';
import { NAL_HEADER_BYTES, nalKind } from '../relay/nal-unit.ts';

/** Payload type of the video, of those that a description gives a meaning (RFC 3551 §6). */
export const PAYLOAD_TYPE = 96;
/** What is put behind the address of a stream for its one track. */
export const TRACK = 'video';

/** The description (RFC 8866) of a stream for players: one track, which comes over the connection that is open. */
export function describeVideo(setup: VideoSetup): string {
  const codec = setup.format === 'h264' ? 'H264' : 'H265';
  const lines = [
    'v=0',
    'o=- 0 0 IN IP4 127.0.0.1',
    's=citywatch',
    'c=IN IP4 0.0.0.0',
    't=0 0',
    'a=control:*',
    `m=video 0 RTP/AVP ${PAYLOAD_TYPE}`,
    `a=rtpmap:${PAYLOAD_TYPE} ${codec}/90000`,
    `a=fmtp:${PAYLOAD_TYPE} ${parameters(setup).join(';')}`,
    `a=control:${TRACK}`,
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** RFC 6184 §8.1 and RFC 7798 §7.1. */
function parameters({ format, sets }: VideoSetup): string[] {
  const codec = format === 'h264' ? 'H264' : 'H265';
  const named = (name: 'vps' | 'sps' | 'pps') => sets.filter((set) => nalKind(codec, set)?.set === name);
  const list = (some: readonly Buffer[]) => some.map((set) => set.toString('base64')).join(',');
  if (codec === 'H265') return (['vps', 'sps', 'pps'] as const).map((name) => `sprop-${name}=${list(named(name))}`);
  const [sps] = named('sps');
  const profile = sps?.toString('hex', NAL_HEADER_BYTES.H264, 4) ?? '';
  return ['packetization-mode=1', `profile-level-id=${profile}`, `sprop-parameter-sets=${list(sets)}`];
}

import type { LiveWindow, Segment } from './fmp4/live-window.ts';

/** HLS with fragmented MP4 (RFC 8216, protocol version 7). */
export const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
export const PART_TYPE = 'video/mp4';

const INIT_NAME = /^([0-9a-f]{8,64})\.mp4$/;
const SEGMENT_NAME = /^([0-9a-f]{8,64})-(\d{1,12})\.m4s$/;

/** The playlist of what is complete now. `suffix` (such as `?quality=sub`) is put after every name. */
export function livePlaylist(window: LiveWindow, suffix = ''): string | null {
  const segments = window.announced();
  const first = segments[0];
  if (!first) return null;
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${window.targetS}`,
    `#EXT-X-MEDIA-SEQUENCE:${first.sequence}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${first.discontinuities}`,
  ];
  if (segments.every((segment) => segment.independent)) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  let before: Segment | null = null;
  for (const segment of segments) {
    if (segment.epoch !== before?.epoch) {
      if (before) lines.push('#EXT-X-DISCONTINUITY');
      lines.push(`#EXT-X-MAP:URI="${segment.epoch.token}.mp4${suffix}"`);
    }
    lines.push(`#EXTINF:${(segment.durationMs / 1000).toFixed(3)},`);
    lines.push(`${segment.epoch.token}-${segment.sequence}.m4s${suffix}`);
    before = segment;
  }
  return `${lines.join('\n')}\n`;
}

/** The bytes behind a name of {@link livePlaylist}; null when the name is unknown or no longer kept. */
export function livePart(window: LiveWindow, name: string): Buffer | null {
  const init = INIT_NAME.exec(name);
  if (init) return window.epoch(init[1]!)?.init.data ?? null;
  const match = SEGMENT_NAME.exec(name);
  const segment = match && window.segment(match[1]!, Number(match[2]));
  if (!segment) return null;
  return Buffer.concat(segment.fragments.map((fragment) => fragment.data));
}

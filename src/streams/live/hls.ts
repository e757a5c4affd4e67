import { toRfc3339 } from '../../core/clock.ts';
import { bitsPerS, type LiveWindow, type Segment } from '../fmp4/live-window.ts';
import { codecsOf } from '../fmp4/movie.ts';
import { hasParts, hintLine, partHeader, partLines } from './hls-parts.ts';

/** HLS with fragmented MP4 (RFC 8216, protocol version 7). */
export const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
export const PART_TYPE = 'video/mp4';

const INIT_NAME = /^([0-9a-f]{8,64})\.mp4$/;
const SEGMENT_NAME = /^([0-9a-f]{8,64})-(\d{1,12})\.m4s$/;

/** The name under which {@link masterPlaylist} points at {@link mediaPlaylist}. */
const MEDIA_NAME = 'media.m3u8';

/**
 * The playlist that says what there is before anything is fetched: codec (RFC 6381), size, and bits a second. A player
 * that cannot show the codec knows it from here. `suffix` is put after the name in it.
 */
export function masterPlaylist(window: LiveWindow, suffix = ''): string | null {
  const segments = window.announced();
  const newest = segments.at(-1);
  if (!newest) return null;
  const { movie } = newest.epoch.init;
  const { width, height } = movie;
  const peak = Math.max(...segments.map((segment) => bitsPerS([segment])));
  const attributes = [
    `BANDWIDTH=${peak}`,
    `AVERAGE-BANDWIDTH=${bitsPerS(segments)}`,
    `CODECS="${codecsOf(movie)}"`,
    `RESOLUTION=${width}x${height}`,
  ];
  const lines = ['#EXTM3U', '#EXT-X-VERSION:7', `#EXT-X-STREAM-INF:${attributes.join(',')}`, `${MEDIA_NAME}${suffix}`];
  return `${lines.join('\n')}\n`;
}

/**
 * The playlist of what is complete now; with `parts`, also of what is not, where the camera's fragments can be parts.
 * `suffix` (such as `?quality=sub`) is put after every name.
 */
export function mediaPlaylist(window: LiveWindow, suffix = '', parts = false): string | null {
  const segments = window.announced();
  const first = segments[0];
  if (!first) return null;
  window.promise();
  const partMs = parts ? window.parts.promise() : null;
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${partMs === null ? 7 : 9}`,
    `#EXT-X-TARGETDURATION:${window.targetS}`,
    ...(partMs === null ? [] : partHeader(partMs)),
    `#EXT-X-MEDIA-SEQUENCE:${first.sequence}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${first.discontinuities}`,
  ];
  if (segments.every(({ independent, still }) => independent && !still)) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  let before: Segment | null = null;
  for (const segment of segments) {
    lines.push(...segmentHead(segment, before, suffix));
    if (partMs !== null && hasParts(segment, window)) lines.push(...partLines(segment, suffix));
    lines.push(`#EXTINF:${(segment.durationMs / 1000).toFixed(3)},`);
    lines.push(`${segment.epoch.token}-${segment.sequence}.m4s${suffix}`);
    before = segment;
  }
  if (partMs !== null) lines.push(...growingLines(window, before, suffix));
  return `${lines.join('\n')}\n`;
}

/** What stands before a segment: where another run begins, and when its first picture was taken. */
function segmentHead(segment: Segment, before: Segment | null, suffix: string): string[] {
  const lines: string[] = [];
  if (segment.epoch !== before?.epoch) {
    if (before) lines.push('#EXT-X-DISCONTINUITY');
    lines.push(`#EXT-X-MAP:URI="${segment.epoch.token}.mp4${suffix}"`);
  }
  const startsAt = toRfc3339(Math.round(segment.fragments[0]!.startsAtMs));
  if (!segment.still) lines.push(`#EXT-X-PROGRAM-DATE-TIME:${startsAt}`);
  return lines;
}

function growingLines(window: LiveWindow, before: Segment | null, suffix: string): string[] {
  const { growing } = window;
  const lines = growing ? [...segmentHead(growing, before, suffix), ...partLines(growing, suffix)] : [];
  const hint = hintLine(window, suffix);
  return hint === null ? lines : [...lines, hint];
}

/** The bytes behind a name of {@link mediaPlaylist}; null when the name is unknown or no longer kept. */
export function livePart(window: LiveWindow, name: string): Buffer | null {
  const init = INIT_NAME.exec(name);
  if (init) return window.epoch(init[1]!)?.init.data ?? null;
  const match = SEGMENT_NAME.exec(name);
  const segment = match && window.segment(match[1]!, Number(match[2]));
  if (!segment) return null;
  return Buffer.concat(segment.fragments.map((fragment) => fragment.data));
}

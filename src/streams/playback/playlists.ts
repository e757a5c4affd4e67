import { toRfc3339 } from '../../core/clock.ts';
import type { RecordedMoment } from '../clips/recorded-moments.ts';
import type { View } from '../pool/types.ts';
import type { Recording } from '../recordings/recording.ts';
import { isKeysOnly, type Speed } from './speed.ts';

/** The fragments of a file; none where it cannot be read. */
export interface KeysOfFile {
  file: Recording;
  moments: readonly RecordedMoment[];
}

/**
 * RFC 8216: each file is one segment behind its own initialisation segment; a hole or another run breaks the line. Of a
 * faster one each segment tells when it began, and is shorter than it was.
 */
export function playlistOf(files: readonly Recording[], view: View, speed: Speed): string {
  const lengthS = ({ startsAtMs, endsAtMs }: Recording): number => (endsAtMs - startsAtMs) / 1_000 / speed;
  const lines = headOf(Math.max(...files.map(lengthS)));
  // What is faster has another clock in its beginning; key frames alone are written with the old one.
  const keysOnly = isKeysOnly(speed);
  const clock = keysOnly ? 1 : speed;
  for (const [index, file] of files.entries()) {
    if (isBroken(files[index - 1], file)) lines.push('#EXT-X-DISCONTINUITY');
    lines.push(
      mapOf(file, nameOf(file, view, clock)),
      `#EXT-X-PROGRAM-DATE-TIME:${toRfc3339(file.startsAtMs)}`,
      `#EXTINF:${lengthS(file).toFixed(3)},`,
    );
    if (keysOnly) lines.push(keysNameOf(file, view, speed));
    else {
      lines.push(`#EXT-X-BYTERANGE:${file.bytes - file.leadBytes}@${file.leadBytes}`, nameOf(file, view, 1));
    }
  }
  return ended(lines);
}

/** RFC 8216 §4.3.3.6: each key frame is a segment, from its `moof` to its last byte, and lasts until the next. */
export function keysPlaylistOf(known: readonly KeysOfFile[], view: View): string {
  const rows = known.map(({ file, moments }) => {
    const keys = moments.filter(({ key }) => key);
    return keys.map((key, index) => ({ key, ms: (keys[index + 1]?.startsAtMs ?? file.endsAtMs) - key.startsAtMs }));
  });
  const longestMs = Math.max(1_000, ...rows.flat().map(({ ms }) => ms));
  const lines = headOf(longestMs / 1_000, '#EXT-X-I-FRAMES-ONLY');
  for (const [index, { file }] of known.entries()) {
    const name = nameOf(file, view, 1);
    if (isBroken(known[index - 1]?.file, file)) lines.push('#EXT-X-DISCONTINUITY');
    if (rows[index]!.length > 0) lines.push(mapOf(file, name));
    for (const { key, ms } of rows[index]!) {
      lines.push(
        `#EXT-X-PROGRAM-DATE-TIME:${toRfc3339(key.startsAtMs)}`,
        `#EXTINF:${(Math.max(1, ms) / 1_000).toFixed(3)},`,
        `#EXT-X-BYTERANGE:${key.keyBytes}@${key.offset}`,
        name,
      );
    }
  }
  return ended(lines);
}

function headOf(longestS: number, ...more: string[]): string[] {
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.ceil(longestS))}`,
    ...more,
  ];
}

function ended(lines: readonly string[]): string {
  return `${[...lines, '#EXT-X-ENDLIST'].join('\n')}\n`;
}

function isBroken(last: Recording | undefined, file: Recording): boolean {
  if (!last) return false;
  return file.previousEndsAtMs !== last.endsAtMs || file.continuity !== last.continuity;
}

function mapOf({ leadBytes }: Recording, name: string): string {
  return `#EXT-X-MAP:URI="${name}",BYTERANGE="${leadBytes}@0"`;
}

function nameOf({ startsAtMs, leaseEpoch }: Recording, view: View, speed: Speed): string {
  return `recordings/${startsAtMs}-${leaseEpoch}.mp4${queryOf(view, speed)}`;
}

function keysNameOf({ startsAtMs, leaseEpoch }: Recording, view: View, speed: Speed): string {
  return `recordings/${startsAtMs}-${leaseEpoch}.m4s${queryOf(view, speed)}`;
}

/** The name of a camera in an address is written as one part of it. */
function queryOf({ quality, purpose, case: caseNumber }: View, speed: Speed): string {
  const query = new URLSearchParams({ quality, purpose });
  if (caseNumber !== null) query.set('case', caseNumber);
  if (speed !== 1) query.set('speed', String(speed));
  return `?${query}`;
}

import { toRfc3339 } from '../../core/clock.ts';
import type { RecordedMoment } from '../clips/recorded-moments.ts';
import { codecsOf, type Movie } from '../fmp4/movie.ts';
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

/** What a master playlist says of recordings before any is fetched. */
export interface Variant {
  movies: readonly Movie[];
  /** Bits a second of the heaviest file, and of all files. */
  peakBits: number;
  meanBits: number;
  /** Bits a second of key frames alone; null where there is no playlist of them. */
  keyBits: number | null;
}

/**
 * RFC 8216 §4.3.4: one variant, and beside it its key frames, by which players show pictures while somebody moves
 * through a time. All codecs of a time are named.
 */
export function recordedMasterOf(
  { movies, peakBits, meanBits, keyBits }: Variant,
  view: View,
  { fromMs, toMs, speed }: { fromMs: number; toMs: number; speed: Speed },
): string {
  const query = new URLSearchParams({ from: toRfc3339(fromMs), to: toRfc3339(toMs) });
  const names = (name: string) => `${name}${queryOf(view, speed)}&${query}`;
  const { width, height } = movies.reduce((one, other) => (other.width > one.width ? other : one));
  const codecs = (of: (movie: Movie) => string) => [...new Set(movies.flatMap((movie) => of(movie).split(',')))].join();
  const size = `RESOLUTION=${width}x${height}`;
  const bits = (ofOne: number) => Math.ceil(ofOne * speed);
  const lines = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS'];
  lines.push(
    `#EXT-X-STREAM-INF:BANDWIDTH=${bits(peakBits)},AVERAGE-BANDWIDTH=${bits(meanBits)},` +
      `CODECS="${codecs(codecsOf)}",${size}`,
    names('playback.m3u8'),
  );
  if (keyBits !== null) {
    const keys = `BANDWIDTH=${bits(keyBits)},CODECS="${codecs(({ codec }) => codec)}",${size}`;
    lines.push(`#EXT-X-I-FRAME-STREAM-INF:${keys},URI="${names('playback-keys.m3u8')}"`);
  }
  return `${lines.join('\n')}\n`;
}

/**
 * RFC 8216 §4.3.3.6: each key frame is a segment, from its `moof` to its last byte, and lasts until the next. So many
 * times as fast they stand where the faster playlist has them.
 */
export function keysPlaylistOf(known: readonly KeysOfFile[], view: View, speed: Speed = 1): string {
  const rows = known.map(({ file, moments }) => {
    const keys = moments.filter(({ key }) => key);
    const endOf = (index: number): number => keys[index + 1]?.startsAtMs ?? file.endsAtMs;
    return keys.map((key, index) => ({ key, ms: (endOf(index) - key.startsAtMs) / speed }));
  });
  const longestMs = Math.max(1_000, ...rows.flat().map(({ ms }) => ms));
  const lines = headOf(longestMs / 1_000, '#EXT-X-I-FRAMES-ONLY');
  for (const [index, { file }] of known.entries()) {
    const name = nameOf(file, view, 1);
    if (isBroken(known[index - 1]?.file, file)) lines.push('#EXT-X-DISCONTINUITY');
    if (rows[index]!.length > 0) lines.push(mapOf(file, nameOf(file, view, speed)));
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

/** A file in pieces that are coded anew, by their lengths; null where it is given as it is. */
export interface PiecesOfFile {
  file: Recording;
  piecesMs: readonly number[] | null;
}

/** As {@link playlistOf}, of files of which some are coded anew. */
export function codedPlaylistOf(known: readonly PiecesOfFile[], view: View): string {
  const wholeMs = ({ startsAtMs, endsAtMs }: Recording): number => endsAtMs - startsAtMs;
  const lengths = known.flatMap(({ file, piecesMs }) => piecesMs ?? [wholeMs(file)]);
  const lines = headOf(Math.max(0, ...lengths) / 1_000);
  for (const [index, { file, piecesMs }] of known.entries()) {
    const before = known[index - 1];
    const isOther = before !== undefined && (before.piecesMs === null) !== (piecesMs === null);
    if (isOther || isBroken(before?.file, file)) lines.push('#EXT-X-DISCONTINUITY');
    const name = (part: string) => `${keysNameOf(file, view, 1)}&codec=h264&part=${part}`;
    if (piecesMs === null) lines.push(mapOf(file, nameOf(file, view, 1)));
    else lines.push(`#EXT-X-MAP:URI="${name('head')}"`);
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${toRfc3339(file.startsAtMs)}`);
    const range = `#EXT-X-BYTERANGE:${file.bytes - file.leadBytes}@${file.leadBytes}`;
    if (piecesMs === null) lines.push(extinf(wholeMs(file)), range, nameOf(file, view, 1));
    for (const [part, ms] of (piecesMs ?? []).entries()) lines.push(extinf(ms), name(String(part)));
  }
  return ended(lines);
}

function extinf(ms: number): string {
  return `#EXTINF:${(ms / 1_000).toFixed(3)},`;
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

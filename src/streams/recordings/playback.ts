import { type Clock, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { View } from '../pool/types.ts';
import { WHOLE } from '../recorder/disk/writer.ts';
import type { DiskReader } from '../recorder/reader/disk-reader.ts';
import type { Gap, GapTable } from './gap-table.ts';
import { placeOf, type Recording, type RecordingSource } from './recording.ts';
import type { Recordings, Span } from './recordings.ts';

export interface PlaybackDeps {
  clock: Clock;
  recordings: Recordings;
  gaps: GapTable;
  /** Who reads a disk; null where it is none of ours. */
  readerOf(disk: string): Pick<DiskReader, 'size' | 'read'> | null;
  /** Enters a look into the access register before the first byte; once for a look that goes on. */
  register(view: View): Promise<void>;
}

/** A time of which there is video without a hole. Unix ms. */
export interface Stretch {
  fromMs: number;
  toMs: number;
  bytes: number;
  files: number;
  source: RecordingSource;
}

export interface Timeline {
  stretches: Stretch[];
  gaps: Gap[];
  /** There is more than this: ask for a shorter time. */
  more: boolean;
}

/** A day of one camera. */
const FILES_MAX = 1_500;
const GAPS_MAX = 2_000;
/** Files that follow each other so closely have no hole between them (promise P5). */
const TOGETHER_MS = 2_000;

/** What was recorded, for people: what there is of a time, and how it plays. */
export class Playback {
  readonly #deps: PlaybackDeps;

  constructor(deps: PlaybackDeps) {
    this.#deps = deps;
  }

  /** What there is of a span and what is missing. It shows no picture, so it is no look. */
  async timeline(span: Span): Promise<Timeline> {
    const { recordings, gaps } = this.#deps;
    const [files, holes] = await Promise.all([recordings.within(span, FILES_MAX + 1), gaps.within(span, GAPS_MAX + 1)]);
    const more = files.length > FILES_MAX || holes.length > GAPS_MAX;
    return { stretches: stretchesOf(files.slice(0, FILES_MAX)), gaps: holes.slice(0, GAPS_MAX), more };
  }

  /** An HLS playlist of all that there is of a span. Errors: `not-found` where there is nothing. */
  async playlist(view: View, { fromMs, toMs }: Pick<Span, 'fromMs' | 'toMs'>): Promise<string> {
    const { deviceId: device, quality } = view;
    const files = await this.#deps.recordings.within({ device, quality, fromMs, toMs }, FILES_MAX + 1);
    if (files.length === 0) throw new CitywatchError('not-found', { detail: 'Nothing was recorded in this time.' });
    if (files.length > FILES_MAX) {
      const message = 'is too long a time for one playlist: ask for a day at most';
      throw new CitywatchError('request.invalid', { issues: [{ path: 'to', message }] });
    }
    await this.#deps.register(view);
    return playlistOf(files, view);
  }

  /**
   * A file that a playlist named, and what reads it. Errors, also of `read`: `not-found`, `stream.full` while as many
   * are read as may be, `store.unavailable` where the disk does not answer.
   */
  async file(view: View, of: { startsAtMs: number; leaseEpoch: number }): Promise<{ bytes: number; read: ReadPart }> {
    const { deviceId: device, quality } = view;
    const found = await this.#deps.recordings.one({ device, quality, ...of });
    if (!found) throw new CitywatchError('not-found', { detail: 'This recording is not kept, or no longer.' });
    await this.#deps.register(view);
    const { name, path } = placeOf(found);
    const reader = this.#deps.readerOf(found.disk);
    // Between its row and its day it lies where those lie that have no row.
    for (const place of reader === null ? [] : [path, `${WHOLE}/${name}`]) {
      if ((await reader!.size(place)) !== found.bytes) continue;
      return { bytes: found.bytes, read: (start, end) => reader!.read(place, start, end - start + 1) };
    }
    throw new CitywatchError('not-found', { detail: 'The file of this recording is not on the disk.' });
  }
}

/** Reads from the first byte to the last one, both included. */
export type ReadPart = (start: number, end: number) => Promise<Buffer>;

function stretchesOf(files: readonly Recording[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { startsAtMs, endsAtMs, bytes, source } of files) {
    const last = stretches.at(-1);
    if (last && last.source === source && startsAtMs - last.toMs < TOGETHER_MS) {
      last.toMs = Math.max(last.toMs, endsAtMs);
      last.bytes += bytes;
      last.files += 1;
    } else stretches.push({ fromMs: startsAtMs, toMs: endsAtMs, bytes, files: 1, source });
  }
  return stretches;
}

/** RFC 8216: each file is one segment behind its own initialisation segment; a hole or another run breaks the line. */
function playlistOf(files: readonly Recording[], view: View): string {
  const longestMs = Math.max(...files.map(({ startsAtMs, endsAtMs }) => endsAtMs - startsAtMs));
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.ceil(longestMs / 1_000))}`,
  ];
  let last: Recording | null = null;
  for (const file of files) {
    const { startsAtMs, endsAtMs, leaseEpoch, bytes, leadBytes, previousEndsAtMs } = file;
    const follows = last !== null && previousEndsAtMs === last.endsAtMs && file.continuity === last.continuity;
    const name = `recordings/${startsAtMs}-${leaseEpoch}.mp4${queryOf(view)}`;
    if (last && !follows) lines.push('#EXT-X-DISCONTINUITY');
    lines.push(
      `#EXT-X-MAP:URI="${name}",BYTERANGE="${leadBytes}@0"`,
      `#EXT-X-PROGRAM-DATE-TIME:${toRfc3339(startsAtMs)}`,
      `#EXTINF:${((endsAtMs - startsAtMs) / 1_000).toFixed(3)},`,
      `#EXT-X-BYTERANGE:${bytes - leadBytes}@${leadBytes}`,
      name,
    );
    last = file;
  }
  return `${[...lines, '#EXT-X-ENDLIST'].join('\n')}\n`;
}

/** The name of a camera in an address is written as one part of it. */
function queryOf({ quality, purpose, case: caseNumber }: View): string {
  const query = new URLSearchParams({ quality, purpose });
  if (caseNumber !== null) query.set('case', caseNumber);
  return `?${query}`;
}

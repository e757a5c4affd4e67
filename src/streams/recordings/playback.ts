import type { Clock } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import type { RecordedMoment } from '../clips/recorded-moments.ts';
import type { CodedPart, CodedPlayback } from '../playback/coded-playback.ts';
import { type KeysOfFile, keysPlaylistOf, playlistOf, recordedMasterOf } from '../playback/playlists.ts';
import type { RecordedFiles } from '../playback/recorded-files.ts';
import { fasterLead, isKeysOnly, keysSegment, type Speed } from '../playback/speed.ts';
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
  /** Where their fragments are. */
  files: Pick<RecordedFiles, 'moments'>;
  /** What codes H.265 anew. */
  coded: Pick<CodedPlayback, 'playlist' | 'part'>;
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
/** An hour of one camera. */
const KEYS_FILES_MAX = 75;
/** Runs of a camera that are asked for their codec. */
const RUNS_MAX = 8;
const NOT_ON_DISK = 'The file of this recording is not on the disk.';
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

  /** As {@link playlist}, with H.265 coded anew as H.264; an hour at most. Errors: also `store.unavailable`. */
  async codedPlaylist(view: View, span: Pick<Span, 'fromMs' | 'toMs'>): Promise<string> {
    const files = await this.#filesOf(view, span, { max: KEYS_FILES_MAX, atMost: 'an hour' });
    await this.#deps.register(view);
    return await this.#deps.coded.playlist(files, view);
  }

  /** A part of a file that {@link codedPlaylist} names. Errors: as `CodedPlayback.part`. */
  async codedPart(view: View, of: FileName, part: CodedPart): Promise<Buffer> {
    const found = await this.#one(view, of);
    await this.#deps.register(view);
    return await this.#deps.coded.part(found, part);
  }

  /** An HLS playlist of all that there is of a span, so many times as fast. Errors: `not-found`, `request.invalid`. */
  async playlist(view: View, span: Pick<Span, 'fromMs' | 'toMs'>, speed: Speed = 1): Promise<string> {
    const files = await this.#filesOf(view, span, { max: FILES_MAX, atMost: 'a day' });
    await this.#deps.register(view);
    return playlistOf(files, view, speed);
  }

  /**
   * An HLS playlist of the key frames of a span (RFC 8216 §4.3.3.6), each a part of its file. Errors: as
   * {@link playlist}, and `store.unavailable`.
   */
  async keysPlaylist(view: View, span: Pick<Span, 'fromMs' | 'toMs'>, speed: Speed = 1): Promise<string> {
    if (isKeysOnly(speed)) throw invalid('speed', 'from 8 on `playback.m3u8` itself has key frames alone');
    const files = await this.#filesOf(view, span, { max: KEYS_FILES_MAX, atMost: 'an hour' });
    await this.#deps.register(view);
    const known: KeysOfFile[] = [];
    for (const file of files) known.push({ file, moments: (await this.#deps.files.moments(file)) ?? [] });
    return keysPlaylistOf(known, view, speed);
  }

  /**
   * The playlist that names codecs and size before anything is fetched, {@link playlist}, and beside it
   * {@link keysPlaylist} where the time is not too long for that. Errors: as {@link keysPlaylist}.
   */
  async master(view: View, span: Pick<Span, 'fromMs' | 'toMs'>, speed: Speed = 1): Promise<string> {
    const files = await this.#filesOf(view, span, { max: FILES_MAX, atMost: 'a day' });
    await this.#deps.register(view);
    // What comes from one run of the camera is of one codec.
    const runs = [...new Map(files.toReversed().map((file) => [file.continuity, file])).values()].slice(-RUNS_MAX);
    const known = await Promise.all(runs.map((file) => this.#deps.files.moments(file)));
    const readable = known.flatMap((moments) => (moments && moments.length > 0 ? [moments] : []));
    if (readable.length === 0) throw new CitywatchError('not-found', { detail: NOT_ON_DISK });
    const hasKeys = files.length <= KEYS_FILES_MAX && !isKeysOnly(speed);
    const keyBits = Math.max(...readable.map(keyBitsOf));
    const variant = {
      movies: readable.map(([moment]) => moment!.init.movie),
      peakBits: Math.max(...files.map((file) => bitsOf([file]))),
      meanBits: bitsOf(files),
      keyBits: hasKeys ? keyBits : null,
    };
    return recordedMasterOf(variant, view, { ...span, speed });
  }

  /** The key frames of a file as a segment of a playlist of this speed. Errors: as {@link file}. */
  async keys(view: View, of: FileName, speed: Speed): Promise<Buffer> {
    const found = await this.#one(view, of);
    await this.#deps.register(view);
    const moments = await this.#deps.files.moments(found);
    if (moments === null) throw new CitywatchError('not-found', { detail: NOT_ON_DISK });
    return await keysSegment(moments, speed);
  }

  /**
   * A file that a playlist named, and what reads it; by its beginning it plays so many times as fast. Errors, also of
   * `read`: `not-found`, `stream.full` while as many are read as may be, `store.unavailable` where the disk does not
   * answer.
   */
  async file(view: View, of: FileName, speed: Speed = 1): Promise<{ bytes: number; read: ReadPart }> {
    const found = await this.#one(view, of);
    await this.#deps.register(view);
    const { name, path } = placeOf(found);
    const reader = this.#deps.readerOf(found.disk);
    // Between its row and its day it lies where those lie that have no row.
    for (const place of reader === null ? [] : [path, `${WHOLE}/${name}`]) {
      if ((await reader!.size(place)) !== found.bytes) continue;
      const read: ReadPart = (start, end) => reader!.read(place, start, end - start + 1);
      if (speed === 1) return { bytes: found.bytes, read };
      const lead = fasterLead(await read(0, found.leadBytes - 1), speed);
      return { bytes: found.bytes, read: behind(lead, read) };
    }
    throw new CitywatchError('not-found', { detail: NOT_ON_DISK });
  }

  async #one({ deviceId: device, quality }: View, of: FileName): Promise<Recording> {
    const found = await this.#deps.recordings.one({ device, quality, ...of });
    if (!found || found.isLost) {
      throw new CitywatchError('not-found', { detail: 'This recording is not kept, or no longer.' });
    }
    return found;
  }

  async #filesOf({ deviceId: device, quality }: View, { fromMs, toMs }: Pick<Span, 'fromMs' | 'toMs'>, limit: Limit) {
    const files = await this.#deps.recordings.within({ device, quality, fromMs, toMs }, limit.max + 1);
    if (files.length === 0) throw new CitywatchError('not-found', { detail: 'Nothing was recorded in this time.' });
    if (files.length <= limit.max) return files;
    throw invalid('to', `is too long a time for one playlist: ask for ${limit.atMost} at most`);
  }
}

function bitsOf(files: readonly Recording[]): number {
  const sum = (of: (file: Recording) => number) => files.reduce((all, file) => all + of(file), 0);
  return (
    (sum(({ bytes }) => bytes) * 8_000) /
    Math.max(
      1,
      sum(({ startsAtMs, endsAtMs }) => endsAtMs - startsAtMs),
    )
  );
}

/** Of the heaviest key frame, shown for as long as one is on average. */
function keyBitsOf(moments: readonly RecordedMoment[]): number {
  const keys = moments.filter(({ key }) => key);
  const lengthMs = moments.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const heaviest = Math.max(0, ...keys.map(({ keyBytes }) => keyBytes));
  return (heaviest * 8_000 * Math.max(1, keys.length)) / Math.max(1, lengthMs);
}

/** What a file is called in playlists. */
type FileName = Pick<Recording, 'startsAtMs' | 'leaseEpoch'>;

interface Limit {
  max: number;
  atMost: string;
}

/** Another beginning of the same length before the rest of a file. */
function behind(lead: Buffer, read: ReadPart): ReadPart {
  return async (start, end) => {
    const ofLead = lead.subarray(start, end + 1);
    if (end < lead.length) return ofLead;
    const rest = await read(Math.max(start, lead.length), end);
    return ofLead.length === 0 ? rest : Buffer.concat([ofLead, rest]);
  };
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

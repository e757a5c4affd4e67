import type { DeviceId } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import { type Database, sql } from '../../platform/database/database.ts';
import { DayPartitions, dayOf } from '../../platform/database/day-partitions.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { Quality } from '../pool/types.ts';
import type { SegmentHead } from '../recorder/camera/cutter.ts';
import type { RecordingClass } from './classes.ts';
import { holesOf } from './lost-files.ts';
import { isPinned } from './pins.ts';
import { lastRemoval, type PinnedBytes, proofOf, type RemovedAt, removalHash, removalOf } from './proofs/removals.ts';
import { countDays } from './recorded-days.ts';
import { FILE_MAX_MS, type Recording, type RecordingSource } from './recording.ts';

export interface RecordingTables {
  recording: {
    device: string;
    quality: string;
    starts_at_ms: number;
    ends_at_ms: number;
    lease_epoch: number;
    disk: string;
    bytes: number;
    lead_bytes: number;
    sha256: Buffer;
    continuity: string;
    previous_ends_at_ms: number | null;
    class: string;
    lost_at_ms: number | null;
    source: string;
  };
}

/** A file that is whole and durable. */
export interface RecordedFile {
  head: SegmentHead;
  /** Name of the disk it lies on. */
  disk: string;
  endsAtMs: number;
  bytes: number;
  /** Of what stands before the first fragment. */
  leadBytes: number;
  /** Of the whole file, as hexadecimal digits. */
  sha256: string;
}

/** Part of a time that is asked about. */
export interface Span extends Pick<Recording, 'device' | 'quality'> {
  fromMs: number;
  toMs: number;
}

export interface RecordingsDeps {
  database: Database;
  ownership: Pick<Ownership, 'hold' | 'write'>;
  /** The class of a camera as it stands now. */
  classOf(device: DeviceId): RecordingClass;
}

/** Which files may go. Times are Unix ms. */
export interface Removable {
  of: RecordingClass;
  disk: string;
  beforeMs: number;
  atMs: number;
}

/** Any number does, as long as nobody else takes the same advisory lock. */
const DAYS_LOCK = 6_104_220_330;
const ROWS_PER_STATEMENT = 500;

/** What was recorded, in PostgreSQL. The disk is never looked through to answer anything. */
export class Recordings {
  readonly #deps: RecordingsDeps;
  readonly #days: DayPartitions;
  #addedBytes = 0;
  #forgottenBytes = 0;

  constructor(deps: RecordingsDeps) {
    this.#deps = deps;
    const { database, ownership } = deps;
    this.#days = new DayPartitions({ database, ownership, table: 'recording', lock: DAYS_LOCK });
  }

  /** Bytes of the files that were added and forgotten since the start. */
  get written(): { addedBytes: number; forgottenBytes: number } {
    return { addedBytes: this.#addedBytes, forgottenBytes: this.#forgottenBytes };
  }

  /**
   * Adds files; those that are known already stay as they are. Errors: `store.unavailable`, `lease.lost`: then nothing
   * is added.
   */
  async add(files: readonly RecordedFile[]): Promise<void> {
    const { database, ownership } = this.#deps;
    await this.#days.ensure(new Set(files.map(({ head }) => dayOf(head.startsAtMs))));
    try {
      for (const some of chunksOf(files, ROWS_PER_STATEMENT)) {
        const rows = JSON.stringify(some.map((file) => rowOf(file, this.#deps)));
        const added = sql`
          insert into recording select given.* from owner,
            jsonb_populate_recordset(null::recording, ${rows}::jsonb) as given
          on conflict do nothing returning device, quality, starts_at_ms, ends_at_ms, bytes, source`;
        await ownership.write(database, {
          what: 'recordings',
          along: [{ name: 'added', body: added }],
          body: countDays('added'),
        });
        this.#addedBytes += bytesOf(some);
      }
    } catch (error) {
      this.#days.forget();
      throw error;
    }
  }

  /** Files that reach into a span, the oldest first; at most `max`. */
  async within({ device, quality, fromMs, toMs }: Span, max: number): Promise<Recording[]> {
    const rows = await this.#deps.database
      .tables<RecordingTables>()
      .selectFrom('recording')
      .selectAll()
      .where('device', '=', device)
      .where('quality', '=', quality)
      .where('starts_at_ms', '>=', Math.floor(fromMs) - FILE_MAX_MS)
      .where('starts_at_ms', '<', Math.ceil(toMs))
      .where('ends_at_ms', '>', Math.floor(fromMs))
      .where('lost_at_ms', 'is', null)
      .orderBy('starts_at_ms')
      .limit(max)
      .execute();
    return rows.map(recordingOf);
  }

  /** One file by its beginning; null where there is none. */
  async one(of: Pick<Recording, 'device' | 'quality' | 'startsAtMs' | 'leaseEpoch'>): Promise<Recording | null> {
    const row = await this.#deps.database
      .tables<RecordingTables>()
      .selectFrom('recording')
      .selectAll()
      .where('device', '=', of.device)
      .where('quality', '=', of.quality)
      .where('starts_at_ms', '=', of.startsAtMs)
      .where('lease_epoch', '=', of.leaseEpoch)
      .executeTakeFirst();
    return row ? recordingOf(row) : null;
  }

  /** When the last file of each of these cameras ends; those without any since `sinceMs` are left out. */
  async lastEnds(devices: readonly DeviceId[], sinceMs: number): Promise<Map<string, number>> {
    const { rows } = await sql<{ device: string; quality: string; ends_at_ms: number }>`
      select device, quality, max(ends_at_ms) as ends_at_ms from recording
      where device = any (${[...devices]}::text[]) and starts_at_ms >= ${Math.floor(sinceMs)}
      group by device, quality`.execute(this.#deps.database.tables());
    return new Map(rows.map((row) => [`${row.device} ${row.quality}`, Number(row.ends_at_ms)]));
  }

  /** Whether there is any file, or any of one disk. */
  async isAny(disk?: string): Promise<boolean> {
    const some = this.#deps.database.tables<RecordingTables>().selectFrom('recording').select('device').limit(1);
    const asked = disk === undefined ? some : some.where('disk', '=', disk);
    return (await asked.executeTakeFirst()) !== undefined;
  }

  /** Files of a class on a disk that began before `beforeMs` and are not pinned at `atMs`, the oldest first. */
  async oldest({ of, disk, beforeMs, atMs }: Removable, max: number): Promise<Recording[]> {
    const rows = await this.#deps.database
      .tables<RecordingTables>()
      .selectFrom('recording')
      .selectAll()
      .where('disk', '=', disk)
      .where('class', '=', of)
      .where(sql<boolean>`not ${isPinned(atMs)}`)
      .where('starts_at_ms', '<', Math.floor(beforeMs))
      // Its last picture counts: a file is a minute and more.
      .where('ends_at_ms', '<=', Math.floor(beforeMs))
      .orderBy('starts_at_ms')
      .limit(max)
      .execute();
    return rows.map(recordingOf);
  }

  /** How much of what {@link oldest} would name is not named, because it is pinned. */
  async pinned({ of, beforeMs, atMs }: Omit<Removable, 'disk'>): Promise<PinnedBytes> {
    const { rows } = await sql<PinnedBytes>`
      select count(*)::int as files, coalesce(sum(bytes), 0)::float8 as bytes from recording
      where class = ${of} and starts_at_ms < ${Math.floor(beforeMs)}::bigint
        and ends_at_ms <= ${Math.floor(beforeMs)}::bigint
        and device in (select device from recording_pin where until_ms > ${Math.floor(atMs)}::bigint)
        and ${isPinned(atMs)}`.execute(this.#deps.database.tables());
    return rows[0]!;
  }

  /** Forgets files of one class, at least one, that are gone from the disk, and keeps a proof of it (`removalHash`). */
  async forget(files: readonly Recording[], at: RemovedAt): Promise<void> {
    const last = await lastRemoval(this.#deps.database);
    const removal = removalOf(files, last, at);
    const { proof, list } = proofOf(files, removal, removalHash(last.hash, removal));
    const gone = sql`
      delete from recording using owner,
        unnest(${files.map(({ device }) => device)}::text[], ${files.map(({ quality }) => quality)}::text[],
          ${files.map(({ startsAtMs }) => startsAtMs)}::bigint[],
          ${files.map(({ leaseEpoch }) => leaseEpoch)}::bigint[])
          as gone (device, quality, starts_at_ms, lease_epoch)
      where recording.device = gone.device and recording.quality = gone.quality
        and recording.starts_at_ms = gone.starts_at_ms and recording.lease_epoch = gone.lease_epoch
      returning recording.device, recording.quality, recording.starts_at_ms, recording.ends_at_ms, recording.bytes`;
    await this.#deps.ownership.write(this.#deps.database, {
      what: 'recordings that are gone',
      along: [
        { name: 'forgotten', body: gone },
        { name: 'proven', body: proof },
        { name: 'listed', body: list },
      ],
      body: countDays('forgotten'),
    });
    this.#forgottenBytes += bytesOf(files);
  }

  /** How many files lie on a disk; more than `max` are not counted. */
  async countOn(disk: string, max: number): Promise<number> {
    const some = sql`select from recording where disk = ${disk} limit ${max}::int`;
    const counted = sql<{ files: number }>`select count(*)::int as files from (${some}) as found`;
    const { rows } = await counted.execute(this.#deps.database.tables());
    return rows[0]!.files;
  }

  /** Gives up at most `max` files of a disk that is lost, and returns how many: their times are holes from now on. */
  async lose(disk: string, max: number): Promise<number> {
    const lost = sql`
      delete from recording using owner, (select device, quality, starts_at_ms, lease_epoch from recording
          where disk = ${disk} order by device, quality, starts_at_ms limit ${max}::int) as lost
      where recording.device = lost.device and recording.quality = lost.quality
        and recording.starts_at_ms = lost.starts_at_ms and recording.lease_epoch = lost.lease_epoch
      returning recording.device, recording.quality, recording.starts_at_ms, recording.ends_at_ms, recording.bytes`;
    const { ownership, database } = this.#deps;
    const rows = await ownership.write<{ files: number }>(database, {
      what: 'recordings that are lost',
      along: [
        { name: 'forgotten', body: lost },
        { name: 'holes', body: holesOf('forgotten', `it lay on the disk ${disk}`) },
        { name: 'counted', body: countDays('forgotten') },
      ],
      body: sql`select count(*)::int as files from forgotten`,
    });
    return rows[0]!.files;
  }

  /** Drops the tables of days that ended before `beforeMs` where nothing of them is left. */
  dropDaysBefore(beforeMs: number): Promise<void> {
    return this.#days.dropEmptyBefore(beforeMs);
  }
}

function bytesOf(files: readonly { bytes: number }[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

function rowOf(
  { head, disk, endsAtMs, bytes, leadBytes, sha256 }: RecordedFile,
  { classOf }: Pick<RecordingsDeps, 'classOf'>,
) {
  const startsAtMs = Math.round(head.startsAtMs);
  return {
    device: head.device,
    quality: head.quality,
    starts_at_ms: startsAtMs,
    ends_at_ms: Math.max(startsAtMs, Math.round(endsAtMs)),
    lease_epoch: head.leaseEpoch,
    disk,
    bytes,
    lead_bytes: leadBytes,
    sha256: `\\x${sha256}`,
    continuity: head.continuity,
    previous_ends_at_ms: head.previousEndsAtMs === null ? null : Math.round(head.previousEndsAtMs),
    class: classOf(head.device),
    lost_at_ms: null,
    source: head.source ?? 'gateway',
  };
}

/** A row as it is found. */
export function recordingOf(row: RecordingTables['recording']): Recording {
  return {
    device: row.device,
    quality: row.quality as Quality,
    startsAtMs: Number(row.starts_at_ms),
    endsAtMs: Number(row.ends_at_ms),
    leaseEpoch: Number(row.lease_epoch),
    disk: row.disk,
    bytes: Number(row.bytes),
    leadBytes: row.lead_bytes,
    sha256: row.sha256.toString('hex'),
    continuity: row.continuity,
    previousEndsAtMs: row.previous_ends_at_ms === null ? null : Number(row.previous_ends_at_ms),
    class: row.class as RecordingClass,
    isLost: row.lost_at_ms !== null,
    source: row.source as RecordingSource,
  };
}

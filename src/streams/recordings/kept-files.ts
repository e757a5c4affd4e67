import { type Database, type RawBuilder, sql } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { RECORDING_CLASSES } from './classes.ts';
import { holesOf } from './lost-files.ts';
import type { Recording } from './recording.ts';
import { type RecordingTables, recordingOf } from './recordings.ts';

export interface KeptFilesDeps {
  database: Database;
  ownership: Pick<Ownership, 'write'>;
}

/** More do not begin on one disk in an hour. */
const HOUR_ROWS_MAX = 100_000;

/** The rows of one disk, for who holds them against its files. Times are Unix ms. */
export class KeptFiles {
  readonly #deps: KeptFilesDeps;

  constructor(deps: KeptFilesDeps) {
    this.#deps = deps;
  }

  /** Also of files that were missed. */
  async startedOn(disk: string, { fromMs, toMs }: { fromMs: number; toMs: number }): Promise<Recording[]> {
    const rows = await this.#deps.database
      .tables<RecordingTables>()
      .selectFrom('recording')
      .selectAll()
      .where('disk', '=', disk)
      .where('starts_at_ms', '>=', fromMs)
      .where('starts_at_ms', '<', toMs)
      .limit(HOUR_ROWS_MAX)
      .execute();
    return rows.map(recordingOf);
  }

  /** When the first and the last file of a disk begin; null where there is none. */
  async span(disk: string): Promise<{ oldestMs: number; newestMs: number } | null> {
    // Class by class, which the index has in order.
    const one = sql`select starts_at_ms from recording where disk = ${disk} and class = of.class order by starts_at_ms`;
    const { rows } = await sql<{ oldest: number | null; newest: number }>`
      select min(first.starts_at_ms)::float8 as oldest, max(last.starts_at_ms)::float8 as newest
      from unnest(${[...RECORDING_CLASSES]}::text[]) as of (class)
        cross join lateral (${one} limit 1) as first cross join lateral (${one} desc limit 1) as last`.execute(
      this.#deps.database.tables(),
    );
    const [found] = rows;
    return found && found.oldest !== null ? { oldestMs: found.oldest, newestMs: found.newest } : null;
  }

  /** These files are not there: they are shown to nobody, and their times are holes. */
  async mark(files: readonly Recording[], atMs: number): Promise<void> {
    await this.#deps.ownership.write(this.#deps.database, {
      what: 'recordings that are missed',
      along: [{ name: 'marked', body: this.#set(files, sql`${Math.round(atMs)}::bigint`) }],
      body: holesOf('marked', 'its file was missed'),
    });
  }

  /** These files are there again. Their holes are another's to take back. */
  async unmark(files: readonly Recording[]): Promise<void> {
    const body = this.#set(files, sql`null`);
    await this.#deps.ownership.write(this.#deps.database, { what: 'recordings that are back', body });
  }

  #set(files: readonly Recording[], lostAt: RawBuilder<unknown>): RawBuilder<unknown> {
    return sql`
      update recording set lost_at_ms = ${lostAt} from owner,
        unnest(${files.map(({ device }) => device)}::text[], ${files.map(({ quality }) => quality)}::text[],
          ${files.map(({ startsAtMs }) => startsAtMs)}::bigint[],
          ${files.map(({ leaseEpoch }) => leaseEpoch)}::bigint[])
          as missed (device, quality, starts_at_ms, lease_epoch)
      where recording.device = missed.device and recording.quality = missed.quality
        and recording.starts_at_ms = missed.starts_at_ms and recording.lease_epoch = missed.lease_epoch
      returning recording.device, recording.quality, recording.starts_at_ms, recording.ends_at_ms`;
  }
}

import { toRfc3339 } from '../../core/clock.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, withinJurisdiction } from '../../platform/database/database.ts';
import { forCaller } from '../desk/log/audience.ts';
import { toEntry } from '../desk/log/read-entry.ts';
import { OF_POLICE, requireUuid } from '../desk/queries.ts';
import type { AlertEventBody, AlertTables } from '../desk/tables.ts';
import type { CapEntry } from './plan.ts';

/** An alert that goes on and on for months. */
const ENTRIES_MAX = 20_000;

/** The log of single alerts, as messages of CAP are made of it. */
export class CapEntries {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** What happened to one alert, as far as it is the caller's to see; the newest of very many, oldest first. */
  async of(caller: Caller, id: string): Promise<CapEntry[]> {
    const query = this.#database
      .tables<AlertTables>()
      .selectFrom('alert_event')
      .select(['id', 'type', 'at_ms'])
      .where('alert_id', '=', requireUuid(id))
      .where(forCaller(caller))
      .orderBy('seq', 'desc')
      .limit(ENTRIES_MAX);
    const rows = await withinJurisdiction(query, 'jurisdiction', caller, OF_POLICE).execute();
    return rows.reverse().map(({ id: entry, type, at_ms }) => ({ id: entry, type, at: toRfc3339(at_ms) }));
  }

  /** An alert as it stood after an entry. Whoever asks has made sure that it is the caller's. */
  async body(alert: string, entry: string): Promise<AlertEventBody> {
    const rows = this.#database
      .tables<AlertTables>()
      .selectFrom('alert_event')
      .selectAll()
      .where('alert_id', '=', alert);
    return toEntry(await rows.where('id', '=', entry).executeTakeFirstOrThrow()).body;
  }
}

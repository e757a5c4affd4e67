import { randomUUID } from 'node:crypto';
import { type Clock, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { covers, ownArea, type Tree } from '../../core/jurisdiction.ts';
import { InTurn } from '../../core/mechanisms/one-at-a-time.ts';
import { hashPlate, maskPlate, normalizePlate } from '../../core/plates.ts';
import type { Caller } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import { type Database, withinJurisdiction } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { requireUuid } from '../desk/queries.ts';
import type { AlertTables } from '../desk/tables.ts';
import type { Watch } from '../rules/engine.ts';

/** Rows of one statement; seven parameters each. */
const ROWS_AT_ONCE = 1_000;

export interface WatchlistInput {
  name: string;
  jurisdiction: string;
  reason: string;
  case: string;
  entries: { plate: string; reason: string; validUntilMs: number }[];
}

export interface WatchlistDeps {
  database: Database;
  clock: Clock;
  /** Key of the plate hashes, 32 bytes: without it the stored list tells nobody which plates are wanted. */
  key: Buffer;
  tree: Tree;
}

interface Entry {
  id: string;
  list: string;
  jurisdiction: string;
  reason: string;
  validUntilMs: number;
}

export const WATCHLIST_ENTRIES_MAX = 10_000;

/** Wanted plates. Held in memory by keyed hash, so judging a passage costs one hash however long the lists are. */
export class Watchlists implements Watch {
  readonly #deps: WatchlistDeps;
  #byHash = new Map<string, Entry[]>();
  readonly #loading = new InTurn();

  constructor(deps: WatchlistDeps) {
    this.#deps = deps;
  }

  /** One after the other: two at once could end in the wrong order, and the older one would forget the newer list. */
  load(): Promise<void> {
    return this.#loading.run(() => this.#load());
  }

  async #load(): Promise<void> {
    const rows = await this.#deps.database
      .tables<AlertTables>()
      .selectFrom('watchlist_entry')
      .innerJoin('watchlist', 'watchlist.id', 'watchlist_entry.watchlist_id')
      .select([
        'watchlist_entry.id',
        'plate_hash',
        'watchlist.name',
        'watchlist.jurisdiction',
        'watchlist_entry.reason',
        'valid_until_ms',
      ])
      .where('watchlist.removed_at_ms', 'is', null)
      .where('watchlist_entry.removed_at_ms', 'is', null)
      .where('valid_until_ms', '>', this.#deps.clock.nowMs())
      .execute();
    const byHash = new Map<string, Entry[]>();
    for (const { plate_hash: hash, name, valid_until_ms: validUntilMs, ...rest } of rows) {
      byHash.set(hash, [...(byHash.get(hash) ?? []), { ...rest, list: name, validUntilMs }]);
    }
    this.#byHash = byHash;
  }

  match(plate: string, jurisdiction: string, atMs: number): ReturnType<Watch['match']> {
    if (this.#byHash.size === 0) return null;
    const hash = this.#hash(plate);
    const entry = this.#byHash
      .get(hash)
      ?.find((one) => one.validUntilMs > atMs && covers(this.#deps.tree.area(one.jurisdiction), jurisdiction));
    if (!entry) return null;
    return { scope: hash.slice(0, 16), data: { watchlist: entry.list, watch_reason: entry.reason, entry: entry.id } };
  }

  async create(caller: Caller, input: WatchlistInput): Promise<{ id: string; entries: number }> {
    const { database, clock } = this.#deps;
    if (!covers(ownArea(caller), input.jurisdiction)) {
      const message = `lies outside your jurisdiction ${caller.jurisdiction}`;
      throw new CitywatchError('request.invalid', { issues: [{ path: 'jurisdiction', message }] });
    }
    const nowMs = clock.nowMs();
    const id = randomUUID();
    const entries = input.entries.map(({ plate, reason, validUntilMs }, index) => {
      if (validUntilMs <= nowMs) {
        const issue = { path: `entries.${index}.validUntil`, message: 'must lie in the future' };
        throw new CitywatchError('request.invalid', { issues: [issue] });
      }
      return {
        id: randomUUID(),
        watchlist_id: id,
        plate_hash: this.#hash(plate),
        plate_masked: maskPlate(normalizePlate(plate)),
        reason,
        valid_until_ms: validUntilMs,
        removed_at_ms: null,
      };
    });
    const { name, jurisdiction, reason } = input;
    await database.transaction(async (tx) => {
      const db = tx.tables<AlertTables>();
      await db
        .insertInto('watchlist')
        .values({
          id,
          name,
          jurisdiction,
          reason,
          case_number: input.case,
          created_by: caller.name,
          created_at_ms: nowMs,
          removed_at_ms: null,
        })
        .execute();
      for (const some of chunksOf(entries, ROWS_AT_ONCE)) await db.insertInto('watchlist_entry').values(some).execute();
      const after = { name, reason, case: input.case, entries: entries.length };
      const subject = `watchlist/${id}`;
      await recordAudit(tx, { caller, action: 'watchlist.create', subject, jurisdiction, after, atMs: nowMs });
    });
    await this.load();
    return { id, entries: entries.length };
  }

  async list(caller: Caller) {
    const db = this.#deps.database.tables<AlertTables>();
    const query = db.selectFrom('watchlist').selectAll().where('removed_at_ms', 'is', null).orderBy('created_at_ms');
    const rows = await withinJurisdiction(query, 'jurisdiction', ownArea(caller)).execute();
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      jurisdiction: row.jurisdiction,
      reason: row.reason,
      case: row.case_number,
      createdBy: row.created_by,
      createdAt: toRfc3339(row.created_at_ms),
    }));
  }

  async remove(caller: Caller, id: string): Promise<void> {
    const { database, clock } = this.#deps;
    await database.transaction(async (tx) => {
      const atMs = clock.nowMs();
      const query = tx
        .tables<AlertTables>()
        .updateTable('watchlist')
        .set({ removed_at_ms: atMs })
        .where('id', '=', requireUuid(id))
        .where('removed_at_ms', 'is', null);
      const row = await withinJurisdiction(query, 'jurisdiction', ownArea(caller))
        .returning(['jurisdiction', 'name'])
        .executeTakeFirst();
      if (!row) throw new CitywatchError('not-found');
      const { jurisdiction } = row;
      const subject = `watchlist/${id}`;
      await recordAudit(tx, { caller, action: 'watchlist.remove', subject, jurisdiction, before: row, atMs });
    });
    await this.load();
  }

  #hash(plate: string): string {
    return hashPlate(this.#deps.key, plate);
  }
}

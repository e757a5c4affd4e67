import { type Clock, MINUTE_MS } from '../../core/clock.ts';
import type { AgencyCode } from '../../core/jurisdiction.ts';
import { InTurn } from '../../core/mechanisms/one-at-a-time.ts';
import type { DeviceId } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import { type Database, sql } from '../../platform/database/database.ts';
import { type LookPosition, lookForChanges, UNSEEN_MAX_MINUTES } from '../../platform/follow/changes.ts';
import { DeviceColumns, type Group, type TagSet } from './columns.ts';
import type { HealthPort } from './health.ts';

export interface KeptColumnsDeps {
  database: Database;
  healths: Pick<HealthPort, 'healthOf' | 'follow'>;
  clock: Clock;
}

/** Tables of migration 0202; what each column means stands there and in 0300. */
export interface SearchTables {
  device_tag_set: TagSet;
  device_group: Group;
  device_search: { id: DeviceId; n: number; group_id: number; tag_set: number; police: AgencyCode | null };
}

type Row = SearchTables['device_search'];

const PAGE = 5_000;
/** So often that what is noted of changes is never gone before it was looked at, and few of them come at once. */
const LOOK_EVERY_MS = (UNSEEN_MAX_MINUTES * MINUTE_MS) / 6;
const UNSEEN_MAX_MS = UNSEEN_MAX_MINUTES * MINUTE_MS;

/**
 * What devices are counted by, in memory. Read as a whole once; from then on whoever asks has what was committed until
 * then taken over, by this process, another one or by hand, so that counts say what lists say. How devices are comes
 * from the same process.
 */
export class KeptColumns {
  readonly #deps: KeptColumnsDeps;
  readonly #turns = new InTurn();
  #columns = new DeviceColumns();
  /** Up to where changes were taken over; null where everything has to be read. */
  #seen: { place: LookPosition; wallMs: number; monotonicMs: number } | null = null;
  #next: Promise<DeviceColumns> | null = null;
  #stop: () => void = () => {};

  constructor(deps: KeptColumnsDeps) {
    this.#deps = deps;
    deps.healths.follow((id, health) => this.#columns.judged(id, health));
  }

  /** Reads everything without anybody waiting for it, and keeps up while nobody asks. */
  start(): void {
    // Whoever asks next tries again, and is told why it fails.
    const look = () => void this.current().catch(() => {});
    look();
    this.#stop = this.#deps.clock.every(LOOK_EVERY_MS, look);
  }

  /** Resolves once nothing is read any more. */
  async stop(): Promise<void> {
    this.#stop();
    await this.#next?.catch(() => {});
    await this.#turns.run(async () => {});
  }

  /** With all that was committed before this was called. They stay current until something else is awaited. */
  current(): Promise<DeviceColumns> {
    // A look that is under way may have seen less: those who come meanwhile share the next one.
    this.#next ??= this.#turns.run(() => {
      this.#next = null;
      return this.#look();
    });
    return this.#next;
  }

  async #look(): Promise<DeviceColumns> {
    const { database, clock } = this.#deps;
    const now = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
    const seen = this.#seen;
    const { place, changes } = await lookForChanges(database, seen?.place ?? null);
    // Of a machine that slept only one of the two clocks may tell.
    const unseenMs = seen ? Math.max(now.wallMs - seen.wallMs, now.monotonicMs - seen.monotonicMs) : 0;
    if (seen === null || changes === null || unseenMs > UNSEEN_MAX_MS) await this.#readAll();
    else await this.#read(changes.flatMap(({ topic, key }) => (topic === 'devices' ? [key] : [])));
    this.#seen = { place, ...now };
    return this.#columns;
  }

  async #readAll(): Promise<void> {
    this.#seen = null;
    this.#columns = new DeviceColumns();
    for (let after = ''; ; ) {
      const rows = await this.#rows().where('id', '>', after).orderBy('id').limit(PAGE).execute();
      await this.#take(rows);
      if (rows.length < PAGE) return;
      after = rows.at(-1)!.id;
    }
  }

  async #read(ids: readonly DeviceId[]): Promise<void> {
    for (const some of chunksOf(ids, PAGE)) {
      const rows = await this.#rows().where(sql<boolean>`id = any (${some}::text[])`).execute();
      const there = new Set(rows.map(({ id }) => id));
      for (const id of some) if (!there.has(id)) this.#columns.remove(id);
      await this.#take(rows);
    }
  }

  #rows() {
    const db = this.#deps.database.tables<SearchTables>();
    return db.selectFrom('device_search').select(['id', 'n', 'group_id', 'tag_set', 'police']);
  }

  async #take(rows: readonly Row[]): Promise<void> {
    const db = this.#deps.database.tables<SearchTables>();
    const columns = this.#columns;
    const groups = [...new Set(rows.map(({ group_id }) => group_id))].filter((id) => !columns.knowsGroup(id));
    const tagSets = [...new Set(rows.map(({ tag_set }) => tag_set))].filter((id) => !columns.knowsTagSet(id));
    const isOf = (ids: readonly number[]) => sql<boolean>`id = any (${ids}::integer[])`;
    if (groups.length > 0) {
      const found = await db.selectFrom('device_group').selectAll().where(isOf(groups)).execute();
      for (const group of found) columns.addGroup(group);
    }
    if (tagSets.length > 0) {
      const found = await db.selectFrom('device_tag_set').selectAll().where(isOf(tagSets)).execute();
      for (const set of found) columns.addTagSet(set);
    }
    for (const { id, n, group_id: group, tag_set: tagSet, police } of rows)
      columns.put({ id, n, group, tagSet, police }, this.#deps.healths.healthOf(id));
  }
}

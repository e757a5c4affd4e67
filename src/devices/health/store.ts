import { type Clock, DAY_MS } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import type { Logger, Observer } from '../../core/observe.ts';
import type { DeviceId } from '../../core/types.ts';
import { chunksOf } from '../../platform/database/chunks.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { RegistryTables } from '../registry/tables.ts';
import type { Cause, Verdict } from './judge.ts';

export interface HealthStoreDeps {
  database: Database;
  ownership: Pick<Ownership, 'transaction'>;
  clock: Clock;
  observer: Observer;
  /** As `HealthBook.ownVerdict`. */
  verdictOf(id: DeviceId): Verdict | null;
}

interface HealthTables extends RegistryTables {
  device_health: {
    position_id: string;
    health: 'online' | 'degraded' | 'offline';
    cause: Cause | null;
    detail: string | null;
    since_ms: number;
  };
  device_downtime: { position_id: string; from_ms: number; to_ms: number | null };
}

/** A time in which a device was offline, or worked on; Unix ms, cut at the ends of what was asked for. */
export interface Stretch {
  what: 'offline' | 'maintenance';
  fromMs: number;
  /** Null while it lasts. */
  toMs: number | null;
}

/** For how long a device was not there, and for how long of it that counts, in ms. */
export interface Downtime {
  offlineMs: number;
  /** Without what lay in a maintenance of the device. */
  countedMs: number;
}

const EVERY_MS = 1_000;
const ROWS_AT_ONCE = 2_000;
/** Longer than any report asks for. */
const KEEP_MS = 400 * DAY_MS;
const PRUNE_ROWS_MAX = 10_000;

/**
 * Keeps over a restart how devices were judged, and when they were offline. Only what changed is written, once a second
 * at most and together; while PostgreSQL is away it waits. A kill loses a second of it, which is judged anew.
 */
export class HealthStore {
  readonly #deps: HealthStoreDeps;
  readonly #log: Logger;
  readonly #changed = new Set<DeviceId>();
  readonly #writing = new Joined();
  #stop: () => void = () => {};
  #failed = false;

  constructor(deps: HealthStoreDeps) {
    this.#deps = deps;
    this.#log = deps.observer.log.child({ part: 'health' });
  }

  /** All that was kept, by device. */
  async load(): Promise<Map<DeviceId, Verdict>> {
    const rows = await this.#deps.database.tables<HealthTables>().selectFrom('device_health').selectAll().execute();
    return new Map(
      rows.map(({ position_id, since_ms: sinceMs, ...verdict }) => [position_id, { ...verdict, sinceMs }]),
    );
  }

  start(): void {
    this.#stop = this.#deps.clock.every(EVERY_MS, () => void this.save());
  }

  async stop(): Promise<void> {
    this.#stop();
    await this.#writing.settled();
    await this.save();
  }

  /** A device is judged otherwise; it is written soon. There are never more of these than devices. */
  changed(id: DeviceId): void {
    this.#changed.add(id);
  }

  /** Writes what changed. Never rejects: what could not be written is tried again. */
  save(): Promise<void> {
    if (this.#changed.size === 0) return Promise.resolve();
    return this.#writing.run(() => this.#save());
  }

  async #save(): Promise<void> {
    const { database, ownership } = this.#deps;
    for (const ids of chunksOf([...this.#changed], ROWS_AT_ONCE)) {
      for (const id of ids) this.#changed.delete(id);
      try {
        await ownership.transaction(database, 'the health of devices', (tx) => this.#write(tx, ids));
        this.#failed = false;
      } catch (error) {
        for (const id of ids) this.#changed.add(id);
        if (!this.#failed) this.#log.warn({ error: messageOf(error) }, 'how devices are is written down later');
        this.#failed = true;
        return;
      }
    }
  }

  async #write(tx: Tables, ids: readonly DeviceId[]): Promise<void> {
    const judged = ids.flatMap((id) => {
      const verdict = this.#deps.verdictOf(id);
      return verdict ? [{ id, ...verdict }] : [];
    });
    const of = <Value>(value: (one: (typeof judged)[number]) => Value): Value[] => judged.map(value);
    const db = tx.tables<HealthTables>();
    // One order for all writers; a device that is deleted meanwhile has no health to be kept.
    await sql`
      insert into device_health (position_id, health, cause, detail, since_ms)
      select given.* from unnest(${of(({ id }) => id)}::text[], ${of(({ health }) => health)}::text[],
        ${of(({ cause }) => cause)}::text[], ${of(({ detail }) => detail)}::text[],
        ${of(({ sinceMs }) => sinceMs)}::bigint[]) as given (id, health, cause, detail, since_ms)
      join position using (id) order by given.id
      on conflict (position_id) do update set health = excluded.health, cause = excluded.cause,
        detail = excluded.detail, since_ms = excluded.since_ms`.execute(db);
    const isOut = ({ health }: Verdict): boolean => health === 'offline';
    const out = judged.filter(isOut);
    const outIds = new Set(out.map(({ id }) => id));
    const back = ids.filter((id) => !outIds.has(id));
    const known = new Set(judged.map(({ id }) => id));
    const gone = ids.filter((id) => !known.has(id));
    if (gone.length > 0)
      await db.deleteFrom('device_health').where(sql<boolean>`position_id = any (${gone}::text[])`).execute();
    await sql`
      update device_downtime set to_ms = greatest(from_ms, ${this.#deps.clock.nowMs()}::bigint)
      where to_ms is null and position_id = any (${back}::text[])`.execute(db);
    await sql`
      insert into device_downtime (position_id, from_ms)
      select id, since_ms from unnest(${out.map(({ id }) => id)}::text[],
        ${out.map(({ sinceMs }) => sinceMs)}::bigint[]) as given (id, since_ms)
      join position using (id) on conflict do nothing`.execute(db);
  }

  /** For how long a device was offline between two moments; what lay in its own maintenances does not count. */
  async downtimeOf(id: DeviceId, fromMs: number, toMs: number): Promise<Downtime> {
    const span = (from: string, to: string) => sql`range_agg(int8range(greatest(${sql.ref(from)}, ${fromMs}::bigint),
      least(coalesce(${sql.ref(to)}, ${toMs}::bigint), ${toMs}::bigint)))`;
    const total = (ranges: ReturnType<typeof sql>) =>
      sql`(select coalesce(sum(upper(one) - lower(one)), 0) from unnest(${ranges}) as one)`;
    const { rows } = await sql<Downtime>`
      with offline as (
        select coalesce(${span('from_ms', 'to_ms')}, '{}') as times from device_downtime
        where position_id = ${id} and from_ms < ${toMs}::bigint and coalesce(to_ms, ${toMs}::bigint) > ${fromMs}::bigint
      ), worked as (
        select coalesce(${span('from_ms', 'ended_ms')}, '{}') as times from maintenance
        where position_id = ${id} and from_ms < ${toMs}::bigint
          and coalesce(ended_ms, ${toMs}::bigint) > ${fromMs}::bigint
      )
      select ${total(sql`offline.times`)} as "offlineMs", ${total(sql`offline.times - worked.times`)} as "countedMs"
      from offline, worked`.execute(this.#deps.database.tables());
    const [row] = rows;
    return { offlineMs: Number(row?.offlineMs ?? 0), countedMs: Number(row?.countedMs ?? 0) };
  }

  /** When a device was offline or worked on between two moments: the `max` that began last, in order of time. */
  async stretchesOf(id: DeviceId, { fromMs, toMs }: { fromMs: number; toMs: number }, max: number): Promise<Stretch[]> {
    const { rows } = await sql<Stretch>`
      select what, greatest(from_ms, ${fromMs}::bigint) as "fromMs",
        case when to_ms < ${toMs}::bigint then to_ms when ended then ${toMs}::bigint end as "toMs"
      from (
        select 'offline' as what, from_ms, to_ms, to_ms is not null as ended
        from device_downtime where position_id = ${id}
        union all
        select 'maintenance', from_ms, ended_ms, ended_ms is not null from maintenance where position_id = ${id}
      ) as one
      where from_ms < ${toMs}::bigint and (to_ms is null or to_ms > ${fromMs}::bigint)
      order by from_ms desc limit ${max}`.execute(this.#deps.database.tables());
    return rows.reverse().map(({ what, fromMs: began, toMs: ended }) => {
      return { what, fromMs: Number(began), toMs: ended === null ? null : Number(ended) };
    });
  }

  /** Removes what ended long before `nowMs`, 10,000 rows at most. */
  async prune(nowMs: number): Promise<void> {
    const { database, ownership } = this.#deps;
    await ownership.transaction(database, 'that old downtimes are gone', (tx) =>
      sql`delete from device_downtime where ctid in (select ctid from device_downtime
        where to_ms < ${nowMs - KEEP_MS}::bigint limit ${PRUNE_ROWS_MAX})`.execute(tx.tables()),
    );
  }
}

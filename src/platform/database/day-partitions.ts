import { DAY_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { type Database, sql } from './database.ts';
import type { Ownership } from './ownership.ts';

/** Who waits to drop a table holds up those who came later, so it soon lets them pass and comes again. */
const DROP_WAIT = '500ms';

/** A plain word, so that nothing else can stand in a statement. */
const WORD = /^[a-z_]{1,40}$/;

/** Start of the UTC day. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

export interface DayPartitionsDeps {
  database: Database;
  ownership: Pick<Ownership, 'hold'>;
  /** A table that is partitioned by range of a number of Unix ms. Its days are called `<table>_20261122`. */
  table: string;
  /** For {@link DayPartitionsDeps.table}'s advisory lock: any number does, as long as nobody else takes the same. */
  lock: number;
}

/** The tables of the single days of one table: made before their first row comes, forgotten by being dropped. */
export class DayPartitions {
  readonly #deps: DayPartitionsDeps;
  /** Days that are known to have one. */
  readonly #days = new Set<number>();

  constructor(deps: DayPartitionsDeps) {
    if (!WORD.test(deps.table)) throw new CitywatchError('internal', { detail: `no table: ${deps.table}` });
    this.#deps = deps;
  }

  /** Resolves once there is a table for each of these days. Several may ask at once, also of several processes. */
  async ensure(days: Iterable<number>): Promise<void> {
    for (const day of days) {
      if (this.#days.has(day)) continue;
      await this.#make(day);
      this.#days.add(day);
    }
  }

  /** What was known may be wrong: somebody else dropped a table. */
  forget(): void {
    this.#days.clear();
  }

  /** Drops every day that ended by `cutoffMs`. Errors: `store.unavailable` while one is being read, `lease.lost`. */
  async dropBefore(cutoffMs: number): Promise<void> {
    for (const name of await this.#endedBefore(cutoffMs)) {
      await this.#locked(async (run) => {
        await run(`set local lock_timeout = '${DROP_WAIT}'`);
        await run(`drop table if exists ${name}`);
      });
    }
    for (const day of this.#days) if (day + DAY_MS <= cutoffMs) this.#days.delete(day);
  }

  /** As {@link dropBefore}, of those days of which nothing is left. */
  async dropEmptyBefore(cutoffMs: number): Promise<void> {
    for (const name of await this.#endedBefore(cutoffMs)) {
      await this.#locked(async (run) => {
        const isAny = async () => (await run<{ some: boolean }>(`select exists (select from ${name}) as some`)).rows[0];
        if ((await isAny())?.some) return;
        await run(`set local lock_timeout = '${DROP_WAIT}'`);
        await run(`lock table ${name} in access exclusive mode`);
        // A row may have come until the lock did.
        if (!(await isAny())?.some) await run(`drop table ${name}`);
      });
    }
    for (const day of this.#days) if (day + DAY_MS <= cutoffMs) this.#days.delete(day);
  }

  async #endedBefore(cutoffMs: number): Promise<string[]> {
    const { database, table } = this.#deps;
    const found = await sql<{ name: string }>`
      select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = ${table}::regclass order by c.relname`.execute(database.tables());
    return found.rows.map(({ name }) => name).filter((name) => name < this.#nameOf(dayOf(cutoffMs)));
  }

  #nameOf(dayMs: number): string {
    const { table } = this.#deps;
    const day = new Date(dayMs).toISOString().slice(0, 10).replaceAll('-', '');
    if (!/^\d{8}$/.test(day)) throw new CitywatchError('internal', { detail: `no day: ${day}` });
    return `${table}_${day}`;
  }

  /** Made apart and attached then, which holds up neither readers nor writers of the other days. */
  async #make(day: number): Promise<void> {
    const { table } = this.#deps;
    const name = this.#nameOf(day);
    await this.#locked(async (run) => {
      const { rows } = await run<{ there: boolean }>(`select to_regclass('${name}') is not null as there`);
      if (rows[0]?.there) return;
      await run(`create table ${name} (like ${table} including all)`);
      await run(`alter table ${table} attach partition ${name} for values from (${day}) to (${day + DAY_MS})`);
    });
  }

  #locked(work: (run: <Row>(statement: string) => Promise<{ rows: Row[] }>) => Promise<void>): Promise<void> {
    const { database, ownership, table, lock } = this.#deps;
    return database.transaction(async (tx) => {
      const run = <Row>(statement: string) => sql.raw<Row>(statement).execute(tx.tables());
      await run(`select pg_advisory_xact_lock(${lock})`);
      await ownership.hold(tx, `a day of ${table}`);
      await work(run);
    });
  }
}

import { DAY_MS } from '../core/clock.ts';
import { CitywatchError } from '../core/errors.ts';
import { type Database, sql } from '../platform/database/database.ts';
import type { Ownership } from '../platform/database/ownership.ts';

/** Any number does, as long as nobody else takes the same advisory lock. */
const LOCK = 6_104_220_322;
/** Who waits to drop a table holds up those who came later, so it soon lets them pass and comes again. */
const DROP_WAIT = '500ms';

/** Start of the UTC day. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

function nameOf(dayMs: number): string {
  return `passage_${new Date(dayMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

/** The tables of the single days. */
export class Partitions {
  readonly #database: Database;
  readonly #ownership: Pick<Ownership, 'hold'>;
  /** Days that are known to have one. */
  readonly #days = new Set<number>();

  constructor({ database, ownership }: { database: Database; ownership: Pick<Ownership, 'hold'> }) {
    this.#database = database;
    this.#ownership = ownership;
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
    const found = await sql<{ name: string }>`
      select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'passage'::regclass order by c.relname`.execute(this.#database.tables());
    const old = found.rows.filter(({ name }) => name < nameOf(dayOf(cutoffMs)));
    for (const { name } of old) {
      await this.#locked(async (run) => {
        await run(`set local lock_timeout = '${DROP_WAIT}'`);
        await run(`drop table if exists ${name}`);
      });
    }
    for (const day of this.#days) if (day + DAY_MS <= cutoffMs) this.#days.delete(day);
  }

  /** Made apart and attached then, which holds up neither readers nor writers of the other days. */
  async #make(day: number): Promise<void> {
    const name = nameOf(day);
    if (!/^passage_\d{8}$/.test(name)) throw new CitywatchError('internal', { detail: `no day: ${day}` });
    await this.#locked(async (run) => {
      const { rows } = await run<{ there: boolean }>(`select to_regclass('${name}') is not null as there`);
      if (rows[0]?.there) return;
      await run(`create table ${name} (like passage including all)`);
      await run(`alter table passage attach partition ${name} for values from (${day}) to (${day + DAY_MS})`);
    });
  }

  #locked(work: (run: <Row>(statement: string) => Promise<{ rows: Row[] }>) => Promise<void>): Promise<void> {
    return this.#database.transaction(async (tx) => {
      const run = <Row>(statement: string) => sql.raw<Row>(statement).execute(tx.tables());
      await run(`select pg_advisory_xact_lock(${LOCK})`);
      await this.#ownership.hold(tx, 'a table of passages');
      await work(run);
    });
  }
}

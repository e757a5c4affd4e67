import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { type Clock, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError, messageOf } from '../../core/errors.ts';
import type { Logger, Observer } from '../../core/observe.ts';
import { type Database, type RawBuilder, sql, type Tables } from './database.ts';
import { OWNERS_LOCK, Ownership } from './ownership.ts';

/** Who holds the lease: one process on one data directory of one machine. */
export interface Holder {
  /** Name of the node, the same in each of its lives, wherever its data directory is. */
  node: string;
  host: string;
  pid: number;
  /** Absolute path of the data directory. */
  directory: string;
  /** Device and inode of the data directory, which a copy of it does not share. */
  inode: string;
}

export interface LeaseDeps {
  database: Database;
  clock: Clock;
  observer: Observer;
  holder: Holder;
  /** Nobody but the holder of our data directory can reach this database: a lease of before is ours. */
  isPrivate: boolean;
  /** Told once when somebody else has taken the lease: this process must write nothing more. */
  onLost(): void;
}

export interface LeaseTimes {
  /** A lease that was not renewed for this long may be taken by anybody. Longer than a fail-over of PostgreSQL. */
  ttlMs: number;
  renewMs: number;
  /** The holder stops this long before the end, for whatever is under way at that moment. */
  marginMs: number;
}

const TIMES: LeaseTimes = { ttlMs: 60_000, renewMs: 5_000, marginMs: 5_000 };
/** While it cannot be renewed it is tried this often. */
const AGAIN_MS = 1_000;

interface LeaseRow extends Omit<Holder, 'node'> {
  epoch: number;
  since_ms: number;
  left_ms: number;
}

/**
 * The right to work on a database, which one gateway has at a time. It is renewed every few seconds; a holder that
 * cannot do so stops acknowledging and judging before anybody else may take it. A successor on the same data directory
 * takes it at once: it has the lock of that directory, so its predecessor is gone.
 */
export class Lease {
  readonly epoch: number;
  /** What the lease gives: all slots. */
  readonly ownership: Ownership;
  readonly #deps: LeaseDeps;
  readonly #times: LeaseTimes;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  #heldUntilMs: number;
  #isLost = false;
  #running: Promise<void> = Promise.resolve();

  private constructor(deps: LeaseDeps, times: LeaseTimes, taken: { epoch: number; askedAtMs: number }) {
    this.#deps = deps;
    this.#times = times;
    this.#log = deps.observer.log.child({ part: 'lease' });
    this.epoch = taken.epoch;
    this.ownership = new Ownership({
      self: { node: deps.holder.node, epoch: taken.epoch },
      overtaken: () => this.#lose(),
    });
    this.#heldUntilMs = this.#limit(taken.askedAtMs);
  }

  /**
   * Takes the lease and keeps it until {@link release}. Throws `lease.held`, naming who holds it and since when, while
   * somebody else does. The caller has the lock of the data directory.
   */
  static async take(deps: LeaseDeps, times: LeaseTimes = TIMES): Promise<Lease> {
    const { database, clock, holder, isPrivate } = deps;
    const askedAtMs = clock.monotonicMs();
    const refuseHeld = async (tx: Tables, lock: RawBuilder<unknown>): Promise<void> => {
      const row = await leaseOf(tx, lock);
      if (row.left_ms > 0 && !isPrivate && !isSamePlace(row, holder)) throw heldBy(row);
    };
    const epoch = await database.transaction(async (tx) => {
      // Asked before anybody is held up: who waits for the lock lets no owner begin anything.
      await refuseHeld(tx, sql``);
      await sql`select pg_advisory_xact_lock(${sql.lit(OWNERS_LOCK)})`.execute(tx.tables());
      // And the row, for owners of versions that lock it instead.
      await refuseHeld(tx, sql`for update`);
      const next = await sql<{
        epoch: number;
      }>`update gateway_lease set epoch = epoch + 1, host = ${holder.host}, pid = ${holder.pid},
        directory = ${holder.directory}, inode = ${holder.inode}, since = clock_timestamp(),
        expires = clock_timestamp() + ${times.ttlMs} * interval '1 millisecond'
        returning epoch`.execute(tx.tables());
      return next.rows[0]!.epoch;
    });
    const lease = new Lease(deps, times, { epoch, askedAtMs });
    lease.#running = lease.#keep();
    return lease;
  }

  /** Whether this process may acknowledge and judge at this moment. */
  held(): boolean {
    return !this.#isLost && this.#deps.clock.monotonicMs() < this.#heldUntilMs;
  }

  /** Gives it up, so that the next start need not wait. Never rejects: else it ends by itself. */
  async release(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#heldUntilMs = Number.NEGATIVE_INFINITY;
    const { database } = this.#deps;
    await sql`update gateway_lease set expires = clock_timestamp() where epoch = ${this.epoch}`
      .execute(database.tables())
      .catch((error: unknown) => this.#log.warn({ error: messageOf(error) }, 'the lease could not be given up'));
  }

  async #keep(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#stopping;
    let pauseMs = this.#times.renewMs;
    while (!signal.aborted && !this.#isLost) {
      await clock.sleep(pauseMs, signal);
      if (signal.aborted) return;
      try {
        await this.#renew();
        pauseMs = this.#times.renewMs;
      } catch (error) {
        if (pauseMs === this.#times.renewMs) this.#log.warn({ error: messageOf(error) }, 'the lease is not renewed');
        pauseMs = Math.min(AGAIN_MS, this.#times.renewMs);
      }
    }
  }

  async #renew(): Promise<void> {
    const { database, clock } = this.#deps;
    const askedAtMs = clock.monotonicMs();
    const { rows } = await sql<{ epoch: number }>`
      update gateway_lease set expires = clock_timestamp() + ${this.#times.ttlMs} * interval '1 millisecond'
      where epoch = ${this.epoch} returning epoch`.execute(database.tables());
    if (rows.length > 0) {
      this.#heldUntilMs = this.#limit(askedAtMs);
      return;
    }
    this.#lose();
  }

  /** Found out by a renewal, or by a write that was refused. */
  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#log.fatal({ epoch: this.epoch }, 'another gateway has taken the lease of this database');
    this.#deps.onLost();
  }

  /** Counted from before the question: the database's own limit can only be later. */
  #limit(askedAtMs: number): number {
    return askedAtMs + this.#times.ttlMs - this.#times.marginMs;
  }
}

async function leaseOf(tx: Tables, lock: RawBuilder<unknown>): Promise<LeaseRow> {
  const { rows } = await sql<LeaseRow>`
    select epoch, host, pid, directory, inode,
      coalesce(extract(epoch from nullif(since, '-infinity')) * 1000, 0)::bigint as since_ms,
      greatest(0, extract(epoch from greatest(expires, clock_timestamp()) - clock_timestamp()) * 1000)::bigint
        as left_ms
    from gateway_lease ${lock}`.execute(tx.tables());
  const row = rows[0];
  if (!row) throw new CitywatchError('store.refused', { detail: 'The table gateway_lease is empty.' });
  return row;
}

/** Whether this database was ever brought to a version that knows leases. */
export async function knowsLeases(database: Tables): Promise<boolean> {
  const { rows } = await sql<{ known: boolean }>`select to_regclass('gateway_lease') is not null as known`.execute(
    database.tables(),
  );
  return rows[0]?.known === true;
}

/** This process on the data directory of `node`. */
export async function holderOf(directory: string, node: string): Promise<Holder> {
  const { dev, ino } = await stat(directory);
  return { node, host: hostname(), pid: process.pid, directory, inode: `${dev}:${ino}` };
}

/** Where a gateway is, as people are told; its successor on the same data directory is there, too. */
export function whereabouts({ host, inode }: Holder): string {
  return `${host} (${inode})`;
}

function isSamePlace(row: LeaseRow, { host, directory, inode }: Holder): boolean {
  return row.host === host && row.directory === directory && row.inode === inode;
}

function heldBy({ host, pid, directory, since_ms: sinceMs, left_ms: leftMs }: LeaseRow): CitywatchError {
  const who = `process ${pid} on ${host} with the data directory ${directory}, since ${toRfc3339(sinceMs)}`;
  const end = `if it is gone, its lease ends in ${Math.ceil(leftMs / 1000)} s`;
  const remedy = 'stop it, or set DATABASE_URL to a database of its own';
  return new CitywatchError('lease.held', {
    detail: `Another citywatch works on this database (${who}; ${end}); ${remedy}.`,
  });
}

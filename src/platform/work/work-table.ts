import type { Clock } from '../../core/clock.ts';
import { chunksOf } from '../database/chunks.ts';
import { type Database, type Generated, sql, type Tables } from '../database/database.ts';
import type { Ownership } from '../database/ownership.ts';
import { type Claim, ending, inOrder, notedAtMs, type WorkTicket } from './noting.ts';

interface WorkTables {
  work_item: {
    queue: string;
    key: string;
    revision: number;
    priority: number;
    due_at_ms: number;
    claimed_until_ms: number;
    fence: number;
    attempts: number;
    /** How often in a row its handler threw; 0 once it did not. */
    failures: Generated<number>;
    failing_since_ms: Generated<number | null>;
    failed_by: Generated<string | null>;
    /** Whose claim it is or was; empty for what no version with nodes has claimed. */
    node: Generated<string>;
    epoch: Generated<number>;
    /** When it was said that it waits from then on, by the clock of who said it; 0 of what has a time of its own. */
    noted_at_ms: Generated<number>;
  };
}

/** Notes work inside the caller's transaction, so that the work exists exactly when its reason does. */
export async function enqueueWork(tx: Tables, clock: Clock, tickets: WorkTicket[]): Promise<void> {
  if (tickets.length === 0) return;
  for (const some of chunksOf(inOrder(tickets), ROWS_AT_ONCE)) {
    await note(tx, clock.nowMs(), some);
  }
}

export interface OwnNotes {
  database: Pick<Database, 'transaction'>;
  clock: Clock;
  ownership: Pick<Ownership, 'transaction'>;
}

/** Notes work that comes with no transaction of its own. Throws `lease.lost` where another node has taken over. */
export async function noteOwnWork({ database, clock, ownership }: OwnNotes, tickets: WorkTicket[]): Promise<void> {
  if (tickets.length > 0) await ownership.transaction(database, 'work', (tx) => enqueueWork(tx, clock, tickets));
}

/** A statement takes at most 65,535 parameters; a whole city may fall silent in the same second. */
const ROWS_AT_ONCE = 2_000;

async function note(tx: Tables, nowMs: number, tickets: WorkTicket[]): Promise<void> {
  await tx
    .tables<WorkTables>()
    .insertInto('work_item')
    .values(
      tickets.map(({ queue, key, priority, dueAtMs }) => ({
        queue,
        key,
        revision: 1,
        priority: priority ?? 5,
        due_at_ms: dueAtMs ?? nowMs,
        claimed_until_ms: 0,
        fence: 0,
        attempts: 0,
        noted_at_ms: notedAtMs({ dueAtMs }, nowMs),
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['queue', 'key']).doUpdateSet((eb) => ({
        revision: sql<number>`work_item.revision + 1`,
        priority: sql<number>`least(work_item.priority, excluded.priority)`,
        due_at_ms: sql<number>`least(work_item.due_at_ms, excluded.due_at_ms)`,
        attempts: eb.ref('work_item.attempts'),
        noted_at_ms: sql<number>`case when excluded.due_at_ms < work_item.due_at_ms then excluded.noted_at_ms
          else work_item.noted_at_ms end`,
      })),
    )
    .execute();
}

/** A key as its handler leaves it. */
export interface GivenBack {
  claim: Claim;
  dueAtMs: number | null;
  failedBy: string | null;
  /** By which clock `dueAtMs` was said. */
  notedAtMs: number;
}

/** Work whose handler throws each time it is tried. */
export interface SetApart {
  queue: string;
  key: string;
  failures: number;
  sinceMs: number;
  /** Code or name of the last error. */
  failedBy: string;
  nextTryMs: number;
}

const SET_APART_SHOWN_MAX = 500;

/** For errors. */
const CLAIMS = 'a claim of work';

/** The statements behind the work queue. Every one that locks several rows does it in the order of their keys. */
export class WorkTable {
  readonly #database: Database<'alerts'>;
  readonly #ownership: Pick<Ownership, 'self' | 'write'>;
  readonly #leaseMs: number;

  constructor(database: Database<'alerts'>, ownership: Pick<Ownership, 'self' | 'write'>, leaseMs: number) {
    this.#database = database;
    this.#ownership = ownership;
    this.#leaseMs = leaseMs;
  }

  /**
   * Claims up to `limit` due keys, most urgent first, except those whose first word is `crowded`. What another writer
   * holds just now is passed over: it rings when it is done.
   */
  async claim(queue: string, limit: number, crowded: string[]): Promise<Claim[]> {
    const nowMs = this.#database.clock.nowMs();
    const elsewhere = crowded.length === 0 ? sql`` : sql`AND split_part(key, ' ', 1) <> ALL (${crowded}::text[])`;
    const { node } = this.#ownership.self;
    const body = sql`
      WITH due AS (
        SELECT key, row_number() OVER () AS place FROM (
          SELECT key FROM work_item
          WHERE queue = ${queue} AND due_at_ms <= ${nowMs} AND claimed_until_ms <= ${nowMs} ${elsewhere}
          ORDER BY priority, due_at_ms LIMIT ${limit} FOR UPDATE SKIP LOCKED
        ) AS first
      )
      UPDATE work_item AS item
      SET claimed_until_ms = ${nowMs + this.#leaseMs}, fence = fence + 1, attempts = attempts + 1,
        node = ${node}, epoch = owner.epoch
      FROM due, owner WHERE item.queue = ${queue} AND item.key = due.key AND item.epoch <= owner.epoch
      RETURNING item.key, revision, fence, attempts, failures, place`;
    const rows = await this.#ownership.write<Claim & { place: number }>(this.#database, { what: CLAIMS, body });
    return rows.sort((a, b) => a.place - b.place);
  }

  /** Those of `queues` in which something is due that nobody holds. Reads only: what costs is the claim. */
  async due(queues: string[]): Promise<string[]> {
    const nowMs = this.#database.clock.nowMs();
    const { rows } = await sql<{ queue: string }>`
      SELECT queue FROM unnest(${queues}::text[]) AS asked (queue) WHERE EXISTS (
        SELECT FROM work_item AS item
        WHERE item.queue = asked.queue AND due_at_ms <= ${nowMs} AND claimed_until_ms <= ${nowMs})`.execute(this.#db());
    return rows.map(({ queue }) => queue);
  }

  /** Deletes what is done, unless something was added since it was claimed; returns the keys that are gone. */
  async remove(queue: string, claims: Claim[]): Promise<string[]> {
    if (claims.length === 0) return [];
    const body = sql`SELECT key FROM ended`;
    const along = ending(queue, claims);
    const rows = await this.#ownership.write<{ key: string }>(this.#database, { what: CLAIMS, along, body });
    return rows.map(({ key }) => key);
  }

  /** Gives keys back: due at the time given, or as they were when that is null or something was added meanwhile. */
  async giveBack(queue: string, given: GivenBack[]): Promise<void> {
    if (given.length === 0) return;
    const body = sql`
      WITH mine AS (
        SELECT item.key, given.revision, given.again_at_ms, given.failed_by, given.noted FROM owner, work_item AS item
        JOIN unnest(${given.map(({ claim }) => claim.key)}::text[], ${given.map(({ claim }) => claim.fence)}::bigint[],
          ${given.map(({ claim }) => claim.revision)}::bigint[], ${given.map(({ dueAtMs }) => dueAtMs)}::bigint[],
          ${given.map(({ failedBy }) => failedBy)}::text[],
          ${given.map(({ notedAtMs }) => notedAtMs)}::bigint[])
          AS given (key, fence, revision, again_at_ms, failed_by, noted)
          ON item.key = given.key AND item.fence = given.fence
        WHERE item.queue = ${queue} ORDER BY item.key COLLATE "C" FOR UPDATE OF item
      )
      UPDATE work_item AS item
      SET claimed_until_ms = 0,
        noted_at_ms = CASE WHEN item.revision = mine.revision AND mine.again_at_ms IS NOT NULL THEN mine.noted
          ELSE item.noted_at_ms END,
        due_at_ms = CASE WHEN item.revision = mine.revision THEN coalesce(mine.again_at_ms, due_at_ms)
          ELSE due_at_ms END,
        attempts = CASE WHEN mine.again_at_ms IS NULL THEN 0 ELSE attempts END,
        failures = CASE WHEN mine.failed_by IS NULL THEN 0 ELSE failures + 1 END,
        failing_since_ms = CASE WHEN mine.failed_by IS NULL THEN NULL
          ELSE coalesce(failing_since_ms, ${this.#database.clock.nowMs()}::bigint) END,
        failed_by = mine.failed_by
      FROM mine WHERE item.queue = ${queue} AND item.key = mine.key
      RETURNING item.key`;
    await this.#ownership.write(this.#database, { what: CLAIMS, body });
  }

  /** Gives up first claims that were noted with their work and that nobody here has begun. */
  async giveUp(queue: string, keys: string[]): Promise<void> {
    const { node } = this.#ownership.self;
    const body = sql`
      WITH unbegun AS (
        SELECT key FROM work_item WHERE queue = ${queue} AND key = ANY (${keys}::text[]) AND fence = 1
          AND claimed_until_ms > 0 AND node = ${node} ORDER BY key COLLATE "C" FOR UPDATE
      )
      UPDATE work_item AS item SET claimed_until_ms = 0, fence = fence + 1 FROM unbegun, owner
      WHERE item.queue = ${queue} AND item.key = unbegun.key AND item.epoch = owner.epoch
      RETURNING item.key`;
    await this.#ownership.write(this.#database, { what: CLAIMS, body });
  }

  async hasten(queue: string, prefix: string): Promise<number> {
    const nowMs = this.#database.clock.nowMs();
    const body = sql`
      WITH later AS (
        SELECT key FROM owner, work_item
        WHERE queue = ${queue} AND starts_with(key, ${prefix}) AND due_at_ms > ${nowMs}
        ORDER BY key COLLATE "C" FOR UPDATE OF work_item
      )
      UPDATE work_item SET due_at_ms = ${nowMs} FROM later WHERE work_item.queue = ${queue}
        AND work_item.key = later.key
      RETURNING work_item.key`;
    return (await this.#ownership.write(this.#database, { what: 'that work is due', body })).length;
  }

  /**
   * After the wall clock was set back: what was noted by the clock of before waits for as long as was said then,
   * counted from now on, and not until that clock would have come. A timer has a time of its own, and keeps it.
   */
  async clockWasSetBack(toleratedMs: number): Promise<number> {
    const nowMs = this.#database.clock.nowMs();
    const body = sql`
      WITH ahead AS (
        SELECT queue, key FROM work_item WHERE noted_at_ms > ${nowMs + toleratedMs}::bigint
        ORDER BY queue, key COLLATE "C" FOR UPDATE
      )
      UPDATE work_item AS item SET noted_at_ms = ${nowMs}::bigint,
        due_at_ms = ${nowMs}::bigint + greatest(0, item.due_at_ms - item.noted_at_ms)
      FROM ahead, owner WHERE item.queue = ahead.queue AND item.key = ahead.key RETURNING item.key`;
    return (await this.#ownership.write(this.#database, { what: 'when work is due', body })).length;
  }

  async releaseClaims(): Promise<number> {
    // Of no node are the claims of versions without nodes, where one gateway had all.
    const body = sql`
      UPDATE work_item SET claimed_until_ms = 0, fence = fence + 1 FROM owner
      WHERE claimed_until_ms > 0 AND node IN (${this.#ownership.self.node}, '') AND work_item.epoch < owner.epoch
      RETURNING key`;
    return (await this.#ownership.write(this.#database, { what: CLAIMS, body })).length;
  }

  /** What is set apart, the oldest first, 500 at most. */
  async setApart(): Promise<SetApart[]> {
    const rows = await this.#db()
      .selectFrom('work_item')
      .select(['queue', 'key', 'failures', 'failing_since_ms', 'failed_by', 'due_at_ms'])
      // As its index has it, word for word.
      .where(sql<boolean>`failures >= 12`)
      .orderBy('failing_since_ms')
      .limit(SET_APART_SHOWN_MAX)
      .execute();
    return rows.map((row) => ({
      queue: row.queue,
      key: row.key,
      failures: row.failures,
      sinceMs: row.failing_since_ms ?? 0,
      failedBy: row.failed_by ?? '',
      nextTryMs: row.due_at_ms,
    }));
  }

  /** Has what is set apart tried at once. */
  async tryAgain(): Promise<number> {
    const nowMs = this.#database.clock.nowMs();
    const body = sql`
      UPDATE work_item SET due_at_ms = ${nowMs} FROM owner WHERE failures >= 12 AND due_at_ms > ${nowMs} RETURNING key`;
    return (await this.#ownership.write(this.#database, { what: 'work that was set apart', body })).length;
  }

  async waiting(): Promise<{ queue: string; count: number }[]> {
    return await this.#db()
      .selectFrom('work_item')
      .select(['queue', sql<number>`count(*)`.as('count')])
      .groupBy('queue')
      .execute();
  }

  #db() {
    return this.#database.tables<WorkTables>();
  }
}

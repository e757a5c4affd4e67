import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { Counter, type Observer } from '../core/observe.ts';
import { type Database, sql, type Tables } from './database.ts';

/** One thing to do for `key`; the handler finds out itself what is pending and does all of it in order. */
export interface WorkTicket {
  queue: string;
  key: string;
  /** 1 first … 9 last. */
  priority?: number;
  /** When to do it; at once when absent. */
  dueAtMs?: number;
}

/** What a handler says when it returns: nothing more to do, or look again at that time. */
export type WorkResult = { again: null } | { again: { atMs: number } };

export const DONE: WorkResult = { again: null };

export type WorkHandler = (key: string, signal: AbortSignal) => Promise<WorkResult>;

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
  };
}

/** Notes work inside the caller's transaction, so that the work exists exactly when its reason does. */
export async function enqueueWork(tx: Tables, clock: Clock, tickets: WorkTicket[]): Promise<void> {
  if (tickets.length === 0) return;
  const unique = [...new Map(tickets.map((ticket) => [`${ticket.queue} ${ticket.key}`, ticket])).values()];
  // One order for all writers, so that two of them cannot wait for each other.
  unique.sort((a, b) => (a.queue + a.key < b.queue + b.key ? -1 : 1));
  for (let from = 0; from < unique.length; from += ROWS_AT_ONCE) {
    await note(tx, clock.nowMs(), unique.slice(from, from + ROWS_AT_ONCE));
  }
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
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['queue', 'key']).doUpdateSet((eb) => ({
        revision: sql<number>`work_item.revision + 1`,
        priority: sql<number>`least(work_item.priority, excluded.priority)`,
        due_at_ms: sql<number>`least(work_item.due_at_ms, excluded.due_at_ms)`,
        attempts: eb.ref('work_item.attempts'),
      })),
    )
    .execute();
}

export interface WorkQueueOptions {
  database: Database;
  clock: Clock;
  observer: Observer;
  /** A claim is worth this long; a handler must end well before. */
  leaseMs?: number;
}

const AT_ONCE = 8;

interface Claim {
  key: string;
  revision: number;
  fence: number;
  attempts: number;
}

/** Claims due keys by lease and runs their handlers. Whoever rings (BullMQ, the sweep) comes through `run`. */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #handlers = new Map<string, { handler: WorkHandler; atOnce: number }>();
  readonly #failures: Counter;
  readonly #leaseMs: number;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? 60_000;
    this.#failures = new Counter({
      name: 'citywatch_work_failures_total',
      help: 'Runs of a work handler that ended in an error and will be repeated.',
      labelNames: ['queue'],
      registers: [options.observer.metrics],
    });
  }

  /** `atOnce` handlers of this queue run at the same time. */
  handle(queue: string, handler: WorkHandler, atOnce = AT_ONCE): void {
    this.#handlers.set(queue, { handler, atOnce });
  }

  atOnce(queue: string): number {
    return this.#handlers.get(queue)?.atOnce ?? AT_ONCE;
  }

  get queues(): string[] {
    return [...this.#handlers.keys()];
  }

  /** Does what is due for `key`, unless another worker holds it. Returns whether it was claimed here. */
  async run(queue: string, key: string, signal: AbortSignal): Promise<boolean> {
    const handler = this.#handlers.get(queue)?.handler;
    if (!handler) return false;
    for (let ran = false; ; ran = true) {
      const claim = await this.#claim(queue, key);
      if (!claim) return ran;
      const result = await this.#attempt(handler, queue, claim, signal);
      await this.#settle(queue, claim, result);
      if (result.again || signal.aborted) return true;
    }
  }

  /** Keys that are due and that nobody holds, most urgent first. */
  async due(queue: string, limit: number): Promise<{ key: string; priority: number; dueAtMs: number }[]> {
    const nowMs = this.#options.clock.nowMs();
    return await this.#options.database
      .tables<WorkTables>()
      .selectFrom('work_item')
      .select(['key', 'priority', 'due_at_ms as dueAtMs'])
      .where('queue', '=', queue)
      .where('due_at_ms', '<=', nowMs)
      .where('claimed_until_ms', '<=', nowMs)
      .orderBy('priority')
      .orderBy('due_at_ms')
      .limit(limit)
      .execute();
  }

  /** Makes everything due now whose key starts with `prefix`; returns those keys. */
  async hasten(queue: string, prefix: string): Promise<string[]> {
    const nowMs = this.#options.clock.nowMs();
    const rows = await this.#options.database
      .tables<WorkTables>()
      .updateTable('work_item')
      .set({ due_at_ms: nowMs })
      .where('queue', '=', queue)
      .where(sql<boolean>`starts_with(key, ${prefix})`)
      .where('due_at_ms', '>', nowMs)
      .returning('key')
      .execute();
    return rows.map(({ key }) => key);
  }

  /**
   * Gives up every claim; returns how many there were. For a start: who held them is dead, and nobody should wait until
   * their time is over. A handler that lives on all the same settles nothing: its fencing number is not the last.
   */
  async releaseClaims(): Promise<number> {
    const { numUpdatedRows } = await this.#options.database
      .tables<WorkTables>()
      .updateTable('work_item')
      .set({ claimed_until_ms: 0, fence: sql<number>`fence + 1` })
      .where('claimed_until_ms', '>', 0)
      .executeTakeFirst();
    return Number(numUpdatedRows);
  }

  /** How much is waiting, due or not, per queue. */
  async waiting(): Promise<{ queue: string; count: number }[]> {
    return await this.#options.database
      .tables<WorkTables>()
      .selectFrom('work_item')
      .select(['queue', sql<number>`count(*)`.as('count')])
      .groupBy('queue')
      .execute();
  }

  async #claim(queue: string, key: string): Promise<Claim | null> {
    const nowMs = this.#options.clock.nowMs();
    const row = await this.#options.database
      .tables<WorkTables>()
      .updateTable('work_item')
      .set({
        claimed_until_ms: nowMs + this.#leaseMs,
        fence: sql<number>`fence + 1`,
        attempts: sql<number>`attempts + 1`,
      })
      .where('queue', '=', queue)
      .where('key', '=', key)
      .where('due_at_ms', '<=', nowMs)
      .where('claimed_until_ms', '<=', nowMs)
      .returning(['key', 'revision', 'fence', 'attempts'])
      .executeTakeFirst();
    return row ?? null;
  }

  async #attempt(handler: WorkHandler, queue: string, claim: Claim, signal: AbortSignal): Promise<WorkResult> {
    try {
      return await handler(claim.key, signal);
    } catch (error) {
      this.#failures.inc({ queue });
      const pauseMs = Math.min(30_000, 200 * 2 ** Math.min(claim.attempts, 10));
      this.#options.observer.log.warn(
        { part: 'work', queue, pauseMs, error: messageOf(error) },
        'work will be repeated',
      );
      return { again: { atMs: this.#options.clock.nowMs() + pauseMs } };
    }
  }

  /** Done work is deleted only if nothing was added meanwhile; else the key stays due. */
  async #settle(queue: string, claim: Claim, result: WorkResult): Promise<void> {
    const table = this.#options.database.tables<WorkTables>();
    if (!result.again) {
      const removed = await table
        .deleteFrom('work_item')
        .where('queue', '=', queue)
        .where('key', '=', claim.key)
        .where('fence', '=', claim.fence)
        .where('revision', '=', claim.revision)
        .executeTakeFirst();
      if (removed.numDeletedRows > 0n) return;
    }
    const { again } = result;
    const failed = again !== null;
    await table
      .updateTable('work_item')
      .set({
        claimed_until_ms: 0,
        due_at_ms: again
          ? sql<number>`case when revision = ${claim.revision} then ${again.atMs}::bigint else due_at_ms end`
          : sql<number>`due_at_ms`,
        attempts: failed ? sql<number>`attempts` : 0,
      })
      .where('queue', '=', queue)
      .where('key', '=', claim.key)
      .where('fence', '=', claim.fence)
      .execute();
  }
}

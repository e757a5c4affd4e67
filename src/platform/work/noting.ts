import { type RawBuilder, sql } from '../database/database.ts';
import type { NamedStatement } from '../database/ownership.ts';
import { tableOf } from '../database/prepared.ts';

/** One thing to do for `key`; the handler finds out itself what is pending and does all of it in order. */
export interface WorkTicket {
  queue: string;
  key: string;
  /** 1 first … 9 last. */
  priority?: number;
  /** When to do it; at once when absent. */
  dueAtMs?: number;
  /** This process holds it from the moment it was noted. */
  claim?: Claim;
  /** It waited already when it was noted, or somebody works on it. */
  stood?: boolean;
}

export interface Claim {
  key: string;
  revision: number;
  fence: number;
  attempts: number;
  /** How often its handler threw in a row before; none where it is absent. */
  failures?: number;
  /** What its handler need not read, because who noted the work knew it; only in the first claim. */
  given?: unknown;
}

/** Who may begin work in the transaction that notes it: `WorkQueue`. */
export interface WorkDesk {
  /**
   * Until when each of these is claimed for this process from its beginning, in ms of the wall clock; 0 for what is
   * left to whoever claims it. What is claimed so is given to {@link WorkQueue.begin} once it was committed.
   */
  offer(tickets: readonly WorkTicket[]): number[];
  /** This was offered room and has not been claimed, because it waited already. */
  declined(ticket: WorkTicket): void;
}

/** Leaves all work to whoever claims it. */
export const LEFT_TO_CLAIMS: WorkDesk = { offer: (tickets) => tickets.map(() => 0), declined: () => {} };

/** Work that a transaction notes: the statement for it, and what comes of it. */
export interface Noting {
  /** Joins `owner (epoch)`; its rows are for {@link Noting.noted}. */
  body: RawBuilder<unknown>;
  /** The tickets; those that this process has begun with have their claim. */
  noted(rows: readonly NotedRow[]): WorkTicket[];
}

export interface NotedRow {
  queue: string;
  key: string;
  revision: number;
}

/** What notes this work as part of a larger statement; see `Ownership.write`. */
export function noting(
  node: string,
  nowMs: number,
  { tickets, desk }: { tickets: WorkTicket[]; desk: WorkDesk },
): Noting {
  const unique = inOrder(tickets);
  const until = desk.offer(unique);
  const given = tableOf('given', unique, {
    queue: ['text', ({ queue }) => queue],
    key: ['text', ({ key }) => key],
    priority: ['smallint', ({ priority }) => priority ?? 5],
    due: ['bigint', ({ dueAtMs }) => dueAtMs ?? nowMs],
    until: ['bigint', (_, index) => until[index]],
    noted: ['bigint', (ticket) => notedAtMs(ticket, nowMs)],
  });
  // Only a new row is claimed: what was noted before may be in the hands of somebody else.
  const body = sql`
    INSERT INTO work_item (queue, key, revision, priority, due_at_ms, claimed_until_ms, fence, attempts, node, epoch,
      noted_at_ms)
    SELECT queue, key, 1, priority, due, until, least(until, 1), least(until, 1),
      CASE WHEN until > 0 THEN ${node}::text ELSE '' END, CASE WHEN until > 0 THEN owner.epoch ELSE 0 END,
      noted
    FROM owner, ${given}
    ON CONFLICT (queue, key) DO UPDATE SET revision = work_item.revision + 1,
      priority = least(work_item.priority, excluded.priority),
      due_at_ms = least(work_item.due_at_ms, excluded.due_at_ms),
      noted_at_ms = CASE WHEN excluded.due_at_ms < work_item.due_at_ms THEN excluded.noted_at_ms
        ELSE work_item.noted_at_ms END
    RETURNING queue, key, revision`;
  const noted = (rows: readonly NotedRow[]): WorkTicket[] => {
    const fresh = new Set(rows.filter(({ revision }) => revision === 1).map(({ queue, key }) => `${queue} ${key}`));
    return unique.map((ticket, index) => {
      const stood = !fresh.has(`${ticket.queue} ${ticket.key}`);
      if (!until[index]) return { ...ticket, stood };
      if (!stood) return { ...ticket, claim: firstClaim(ticket.key) };
      desk.declined(ticket);
      return { ...ticket, stood };
    });
  };
  return { body, noted };
}

/** What `noted_at_ms` is of work: a time that was given is one of its own, and is no wait from now on. */
export function notedAtMs({ dueAtMs }: { dueAtMs?: number | undefined }, nowMs: number): number {
  return dueAtMs === undefined ? nowMs : 0;
}

/**
 * One order for all writers, so that two of them cannot wait for each other. Of several for one key the most urgent
 * counts, of equally urgent ones the last.
 */
export function inOrder(tickets: WorkTicket[]): WorkTicket[] {
  const unique = new Map<string, WorkTicket>();
  for (const ticket of tickets) {
    const name = `${ticket.queue} ${ticket.key}`;
    const before = unique.get(name);
    if (!before || (ticket.priority ?? 5) <= (before.priority ?? 5)) unique.set(name, ticket);
  }
  return [...unique.values()].sort((a, b) => (a.queue + a.key < b.queue + b.key ? -1 : 1));
}

function firstClaim(key: string): Claim {
  return { key, revision: 1, fence: 1, attempts: 1 };
}

/**
 * Deletes what is done as part of a larger statement, unless something was added since it was claimed. `done` returns
 * the keys that are held still, with their revision by now, `ended` those that are gone.
 */
export function ending(queue: string, claims: readonly Claim[]): NamedStatement[] {
  const mine = tableOf('mine', claims, {
    key: ['text', ({ key }) => key],
    fence: ['bigint', ({ fence }) => fence],
    revision: ['bigint', ({ revision }) => revision],
  });
  const done = sql`
    SELECT item.key, item.revision, item.revision = mine.revision AS whole FROM owner, work_item AS item
    JOIN ${mine}
      ON item.key = mine.key AND item.fence = mine.fence
    WHERE item.queue = ${queue} ORDER BY item.key COLLATE "C" FOR UPDATE OF item`;
  const ended = sql`
    DELETE FROM work_item AS item USING done
    WHERE item.queue = ${queue} AND item.key = done.key AND done.whole RETURNING item.key`;
  return [
    { name: 'done', body: done },
    { name: 'ended', body: ended },
  ];
}

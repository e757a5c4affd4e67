import { type Clock, DAY_MS } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import type { Database } from '../database/database.ts';

interface IdempotencyTables {
  idempotency: {
    caller: string;
    key: string;
    route: string;
    body_hash: string;
    status: number | null;
    response: string | null;
    created_at_ms: number;
    lease_until_ms: number;
  };
}

/** One POST that carries an Idempotency-Key. The key counts per caller. */
export interface KeyedRequest {
  caller: string;
  key: string;
  /** Method and path. */
  route: string;
  /** Hash of the body as it was received. */
  bodyHash: string;
}

export interface KeptAnswer {
  status: number;
  /** The body as text, without one-time secrets: the caller of {@link Idempotency.finish} leaves them out. */
  response: string;
}

const KEPT_MS = DAY_MS;
/** A request that has not finished by then died with its process; the key may be tried again. */
const LEASE_MS = 60_000;
/** More than the answer to the largest batch, each row of it refused at length. */
const RESPONSE_CHARACTERS_MAX = 1_000_000;

/** Remembers for 24 h what the first request with an Idempotency-Key was answered. */
export class Idempotency {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(deps: { database: Database; clock: Clock }) {
    this.#database = deps.database;
    this.#clock = deps.clock;
  }

  /**
   * Null for the first request: run it, then call {@link finish} or {@link abandon}. Otherwise the kept answer.
   * Fails with `idempotency.mismatch` (other body or route) or `idempotency.running`.
   */
  async begin(request: KeyedRequest): Promise<KeptAnswer | null> {
    const nowMs = this.#clock.nowMs();
    const row = {
      route: request.route,
      body_hash: request.bodyHash,
      status: null,
      response: null,
      created_at_ms: nowMs,
      lease_until_ms: nowMs + LEASE_MS,
    };
    const started = await this.#tables()
      .insertInto('idempotency')
      .values({ caller: request.caller, key: request.key, ...row })
      .onConflict((conflict) =>
        conflict
          .columns(['caller', 'key'])
          .doUpdateSet(row)
          .where((where) =>
            where.or([
              where('idempotency.created_at_ms', '<=', nowMs - KEPT_MS),
              where.and([
                where('idempotency.status', 'is', null),
                where('idempotency.lease_until_ms', '<=', nowMs),
                where('idempotency.route', '=', request.route),
                where('idempotency.body_hash', '=', request.bodyHash),
              ]),
            ]),
          ),
      )
      .returning('key')
      .executeTakeFirst();
    return started ? null : this.#kept(request);
  }

  /** Keeps the answer of a request that {@link begin} let through. */
  async finish(request: KeyedRequest, answer: KeptAnswer): Promise<void> {
    if (answer.response.length > RESPONSE_CHARACTERS_MAX) throw new RangeError('the answer is too large to be kept');
    await this.#tables()
      .updateTable('idempotency')
      .set({ status: answer.status, response: answer.response })
      .where('caller', '=', request.caller)
      .where('key', '=', request.key)
      .execute();
  }

  /** Forgets a request that had no effect, so that the same key may be tried again. */
  async abandon(request: KeyedRequest): Promise<void> {
    await this.#tables()
      .deleteFrom('idempotency')
      .where('caller', '=', request.caller)
      .where('key', '=', request.key)
      .where('status', 'is', null)
      .execute();
  }

  /** Deletes what is older than a day; call it now and then. */
  async purge(nowMs: number): Promise<void> {
    await this.#tables()
      .deleteFrom('idempotency')
      .where('created_at_ms', '<=', nowMs - KEPT_MS)
      .execute();
  }

  async #kept(request: KeyedRequest): Promise<KeptAnswer> {
    const row = await this.#tables()
      .selectFrom('idempotency')
      .selectAll()
      .where('caller', '=', request.caller)
      .where('key', '=', request.key)
      .executeTakeFirst();
    if (!row) throw new CitywatchError('idempotency.running', { retryAfterS: 1 });
    if (row.route !== request.route || row.body_hash !== request.bodyHash) {
      throw new CitywatchError('idempotency.mismatch');
    }
    if (row.status === null) throw new CitywatchError('idempotency.running', { retryAfterS: 1 });
    return { status: row.status, response: row.response ?? '' };
  }

  #tables() {
    return this.#database.tables<IdempotencyTables>();
  }
}

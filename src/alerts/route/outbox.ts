import type { Clock } from '../../core/clock.ts';
import { Batches } from '../../core/mechanisms/batches.ts';
import { type Database, type Selectable, sql } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { AlertEventBody, AlertTables, SubscriptionTable } from '../desk/tables.ts';

/** One log entry that waits for one subscription. */
export interface Waiting {
  /** Of this delivery, the same in every try. */
  id: string;
  attempts: number;
  created_at_ms: number;
  body: AlertEventBody;
  type: string;
}

/** A subscription as far as deliveries need it. */
export type Recipient = Pick<Selectable<SubscriptionTable>, 'id' | 'type' | 'target' | 'secrets' | 'state'>;

/** What is to be sent for one key (`subscription alert`), oldest first. */
export interface Pending {
  /** Null when there is no such subscription. */
  recipient: Recipient | null;
  entries: Waiting[];
  /** There may be more than these. */
  more: boolean;
}

/** How an attempt ended, as it is written down. */
export interface Settlement {
  id: string;
  state: 'delivered' | 'dead' | 'waiting';
  status: number | null;
  error: string | null;
}

const KEYS_MAX = 128;
/** Of one key; an alert with more is given back in between. */
const ENTRIES_MAX = 20;
const ERROR_LENGTH_MAX = 500;

export interface OutboxDeps {
  database: Database<'alerts'>;
  clock: Clock;
  /** Whose deliveries these are. */
  ownership: Pick<Ownership, 'write'>;
}

/** For errors. */
const DELIVERIES = 'how deliveries ended';

/** The outbox in PostgreSQL, read and written for many keys with one statement each. */
export class Outbox {
  readonly #database: Database<'alerts'>;
  readonly #clock: Clock;
  readonly #ownership: Pick<Ownership, 'write'>;
  readonly #loads: Batches<string, Pending>;
  readonly #settlements: Batches<Settlement, undefined>;

  constructor(deps: OutboxDeps) {
    this.#database = deps.database;
    this.#clock = deps.clock;
    this.#ownership = deps.ownership;
    this.#loads = new Batches({ run: (keys) => this.#loadAll(keys), max: KEYS_MAX });
    this.#settlements = new Batches({ run: (settlements) => this.#settleAll(settlements), max: KEYS_MAX });
  }

  load(key: string): Promise<Pending> {
    return this.#loads.add(key);
  }

  settle(settlement: Settlement): Promise<undefined> {
    return this.#settlements.add(settlement);
  }

  /** Ends what waits for a subscription that nothing is sent to any more. */
  async withhold(key: string): Promise<void> {
    const [subscriptionId = '', alertId = ''] = key.split(' ');
    const body = sql`
      UPDATE delivery SET state = 'withheld', settled_at_ms = ${this.#clock.nowMs()} FROM owner
      WHERE subscription_id = ${subscriptionId} AND alert_id = ${alertId} AND state = 'waiting' RETURNING id`;
    await this.#ownership.write(this.#database, { what: DELIVERIES, body });
  }

  /** The target said that it is gone for good. */
  async disable(subscriptionId: string, reason: string): Promise<void> {
    const body = sql`
      UPDATE subscription SET state = 'disabled', state_reason = ${reason} FROM owner WHERE id = ${subscriptionId}
      RETURNING id`;
    await this.#ownership.write(this.#database, { what: 'the end of a subscription', body });
  }

  async #loadAll(keys: string[]): Promise<Pending[]> {
    const pairs = keys.map((key) => key.split(' '));
    const ids = pairs.map(([id]) => id ?? '');
    const recipients = await this.#db()
      .selectFrom('subscription')
      .select(['id', 'type', 'target', 'secrets', 'state'])
      .where('id', 'in', [...new Set(ids)])
      .execute();
    const { rows } = await sql<Waiting & { key: string }>`
      SELECT given.subscription_id || ' ' || given.alert_id AS key, entry.id, attempts, created_at_ms, type, body
      FROM unnest(${ids}::uuid[], ${pairs.map(([, alert]) => alert ?? '')}::uuid[]) AS given (subscription_id, alert_id)
      CROSS JOIN LATERAL (
        SELECT id, seq, attempts, created_at_ms FROM delivery
        WHERE subscription_id = given.subscription_id AND alert_id = given.alert_id AND state = 'waiting'
        ORDER BY seq LIMIT ${ENTRIES_MAX}
      ) AS entry
      JOIN alert_event ON alert_event.seq = entry.seq
      ORDER BY entry.seq`.execute(this.#db());
    const entries = new Map<string, Waiting[]>(keys.map((key) => [key, []]));
    for (const row of rows) entries.get(row.key)?.push(row);
    return keys.map((key, index) => ({
      recipient: recipients.find(({ id }) => id === ids[index]) ?? null,
      entries: entries.get(key) ?? [],
      more: entries.get(key)?.length === ENTRIES_MAX,
    }));
  }

  async #settleAll(settlements: Settlement[]): Promise<undefined[]> {
    const errors = settlements.map(({ error }) => error?.slice(0, ERROR_LENGTH_MAX) ?? null);
    const nowMs = this.#clock.nowMs();
    const body = sql`
      UPDATE delivery SET state = given.state, attempts = attempts + 1, last_status = given.status,
        last_error = given.error,
        settled_at_ms = CASE WHEN given.state = 'waiting' THEN NULL ELSE ${nowMs}::bigint END
      FROM owner, unnest(${settlements.map(({ id }) => id)}::text[], ${settlements.map(({ state }) => state)}::text[],
        ${settlements.map(({ status }) => status)}::integer[], ${errors}::text[])
        AS given (id, state, status, error)
      WHERE delivery.id = given.id AND delivery.state = 'waiting'
      RETURNING delivery.id`;
    await this.#ownership.write(this.#database, { what: DELIVERIES, body });
    return settlements.map(() => undefined);
  }

  #db() {
    return this.#database.tables<AlertTables>();
  }
}

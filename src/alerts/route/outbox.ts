import type { Clock } from '../../core/clock.ts';
import { Batches } from '../../core/mechanisms/batches.ts';
import { type Database, type Selectable, sql } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { tableOf } from '../../platform/database/prepared.ts';
import { type Claim, ending } from '../../platform/work/work.ts';
import { DELIVERY_QUEUE } from '../desk/queues.ts';
import type { AlertEventBody, SubscriptionTable } from '../desk/tables.ts';
import type { EarlierEntry } from '../sinks/sink.ts';

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
export type Recipient = Pick<
  Selectable<SubscriptionTable>,
  'id' | 'type' | 'target' | 'secrets' | 'state' | 'previous_until_ms'
>;

/** What is to be sent for one key (`subscription alert`), oldest first. */
export interface Pending {
  /** Null when there is no such subscription. */
  recipient: Recipient | null;
  entries: Waiting[];
  /** There may be more than these. */
  more: boolean;
}

/** How an attempt ended, as it is written down. */
export interface Outcome {
  id: string;
  state: 'delivered' | 'dead' | 'waiting' | 'withheld';
  status: number | null;
  error: string | null;
}

/** Outcomes of one key, written together. */
export interface Settlement {
  outcomes: readonly Outcome[];
  /** Of the work that is done with them; null where there is more of it. */
  claim: Claim | null;
}

const KEYS_MAX = 128;
/** Of one key; an alert with more is given back in between. */
export const ENTRIES_MAX = 20;
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
  readonly #settlements: Batches<Settlement, Claim | 'ended' | null>;

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

  /** Where a claim was given, resolves with whether the work was ended with it, or how the claim stands now. */
  settle(settlement: Settlement): Promise<Claim | 'ended' | null> {
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

  /** What the subscription of a delivery was delivered of the same alert before it, oldest first. */
  async earlier(delivery: string): Promise<EarlierEntry[]> {
    const { rows } = await sql<EarlierEntry>`
      SELECT alert_event.id AS event, alert_event.type, alert_event.body ->> 'at' AS at
      FROM delivery AS mine
      JOIN alert_event ON alert_event.alert_id = mine.alert_id AND alert_event.seq < mine.seq
      JOIN delivery AS told ON told.id = 'msg_' || alert_event.id || '_' || mine.subscription_id
      WHERE mine.id = ${delivery} AND told.state = 'delivered'
      ORDER BY alert_event.seq`.execute(this.#database.tables());
    return rows;
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
    const { rows } = await sql<Loaded>`
      SELECT place, to_jsonb(recipient) AS recipient, entry.id, attempts, created_at_ms, alert_event.type, body
      FROM unnest(${pairs.map(([id]) => id ?? '')}::uuid[], ${pairs.map(([, alert]) => alert ?? '')}::uuid[])
        WITH ORDINALITY AS given (subscription_id, alert_id, place)
      JOIN LATERAL (
        SELECT id, type, target, secrets, state, previous_until_ms FROM subscription WHERE id = given.subscription_id
      ) AS recipient ON true
      LEFT JOIN LATERAL (
        SELECT id, seq, attempts, created_at_ms FROM delivery
        WHERE subscription_id = given.subscription_id AND alert_id = given.alert_id AND state = 'waiting'
        ORDER BY seq LIMIT ${ENTRIES_MAX}
      ) AS entry ON true
      LEFT JOIN alert_event ON alert_event.seq = entry.seq
      ORDER BY entry.seq`.execute(this.#database.tables());
    const pending = keys.map((): Pending => ({ recipient: null, entries: [], more: false }));
    // Keys of one subscription share what stands behind it, so that its secrets are opened once.
    const recipients = new Map<string, Recipient>();
    for (const { place, recipient, ...entry } of rows) {
      const ofKey = pending[place - 1]!;
      ofKey.recipient = recipients.get(recipient.id) ?? recipient;
      recipients.set(recipient.id, ofKey.recipient);
      if (entry.id !== null) ofKey.entries.push(entry as Waiting);
      ofKey.more = ofKey.entries.length === ENTRIES_MAX;
    }
    return pending;
  }

  async #settleAll(settlements: Settlement[]): Promise<(Claim | 'ended' | null)[]> {
    const all = settlements.flatMap(({ outcomes }) => outcomes);
    const nowMs = this.#clock.nowMs();
    const given = tableOf('given', all, {
      id: ['text', ({ id }) => id],
      state: ['text', ({ state }) => state],
      status: ['integer', ({ status }) => status],
      error: ['text', ({ error }) => error?.slice(0, ERROR_LENGTH_MAX) ?? null],
    });
    const settled = sql`
      UPDATE delivery SET state = given.state,
        attempts = attempts + CASE WHEN given.state = 'withheld' THEN 0 ELSE 1 END,
        last_status = given.status, last_error = given.error,
        settled_at_ms = CASE WHEN given.state = 'waiting' THEN NULL ELSE ${nowMs}::bigint END
      FROM owner, ${given}
      WHERE delivery.id = given.id AND delivery.state = 'waiting'`;
    const claims = settlements.flatMap(({ claim }) => claim ?? []);
    const along = [{ name: 'settled', body: settled }, ...ending(DELIVERY_QUEUE, claims)];
    const body = sql`SELECT key, revision, whole FROM done`;
    const rows = await this.#ownership.write<Held>(this.#database, { what: DELIVERIES, along, body });
    const held = new Map(rows.map((row) => [row.key, row]));
    return settlements.map(({ claim }) => {
      const now = claim && held.get(claim.key);
      if (!claim || !now) return null;
      return now.whole ? 'ended' : { ...claim, revision: now.revision, given: undefined };
    });
  }
}

/** Work that is held still; `whole` where nothing was added to it. */
interface Held {
  key: string;
  revision: number;
  whole: boolean;
}

/** A subscription of a key, with one entry that waits for it; `id` is null where none does. */
type Loaded = { place: number; recipient: Recipient } & (Waiting | { id: null });

import { randomUUID } from 'node:crypto';
import { type Clock, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { covers } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import { enqueueWork } from '../../platform/work/work.ts';
import { requireUuid } from '../desk/queries.ts';
import { DELIVERY_QUEUE } from '../desk/queues.ts';
import type { AlertTables, SubscriptionTable } from '../desk/tables.ts';
import { SEVERITIES, type Severity } from '../rules/rules.ts';
import type { SecretBox } from '../sinks/delivery.ts';
import { checkWebhookSecret, createWebhookSecret } from '../sinks/webhook.ts';
import { refuseBeyondShare, refuseManyOfOne } from './subscription-shares.ts';

export interface SubscriptionInput {
  name: string;
  url: string;
  jurisdiction: string;
  severities?: Severity[];
  /** `whsec_` and base64 of 24 to 64 bytes; made here when absent. */
  secret?: string;
}

export interface SubscriptionDeps {
  database: Database;
  clock: Clock;
  vault: SecretBox;
  /** Throws `outbound.refused`, naming the setting, when the address may not be contacted. */
  checkAddress(url: string): Promise<void>;
  ring(queue: string): void;
  /** Those of these people and tokens that can still act. */
  whoIsStillThere(tables: Tables, ids: readonly string[], nowMs: number): Promise<Set<string>>;
}

type Row = Omit<SubscriptionTable, 'secrets' | 'version'>;

const COLUMNS = [
  'id',
  'name',
  'url',
  'jurisdiction',
  'severities',
  'state',
  'state_reason',
  'created_by',
  'created_at_ms',
  'owner_type',
  'owner_id',
  'owner_name',
] as const;

/** Who is told of which alerts. A subscription gets what is raised after it was made. */
export class Subscriptions {
  readonly #deps: SubscriptionDeps;

  constructor(deps: SubscriptionDeps) {
    this.#deps = deps;
  }

  /** The answer carries the secret, once. */
  async create(caller: Caller, input: SubscriptionInput): Promise<{ subscription: SubscriptionView; secret: string }> {
    const { database, clock, vault } = this.#deps;
    if (!covers(caller.jurisdiction, input.jurisdiction)) {
      const message = `lies outside your jurisdiction ${caller.jurisdiction}`;
      throw new CitywatchError('request.invalid', { issues: [{ path: 'jurisdiction', message }] });
    }
    const secret = input.secret ?? createWebhookSecret();
    checkWebhookSecret(secret);
    await this.#deps.checkAddress(input.url);
    const row: Row = {
      id: randomUUID(),
      name: input.name,
      url: input.url,
      jurisdiction: input.jurisdiction,
      severities: input.severities ?? [...SEVERITIES],
      state: 'active',
      state_reason: null,
      created_by: caller.name,
      created_at_ms: clock.nowMs(),
      ...ownedBy(caller),
    };
    await database.transaction(async (tx) => {
      const db = tx.tables<AlertTables>();
      await refuseBeyondShare(tx, row);
      await db
        .insertInto('subscription')
        .values({ ...row, secrets: JSON.stringify([vault.seal(secret)]) })
        .execute();
      await audit(tx, { caller, action: 'subscription.create', row, atMs: row.created_at_ms });
    });
    return { subscription: show(row), secret };
  }

  async list(caller: Caller): Promise<CountedSubscription[]> {
    const db = this.#deps.database.tables<AlertTables>();
    const query = db
      .selectFrom('subscription')
      .select(COLUMNS)
      .where('state', '!=', 'removed')
      .orderBy('created_at_ms');
    const rows = await withinJurisdiction(query, 'jurisdiction', caller.jurisdiction).execute();
    const counts = await db
      .selectFrom('delivery')
      .select(['subscription_id', 'state', sql<number>`count(*)`.as('count')])
      .groupBy(['subscription_id', 'state'])
      .execute();
    const failures = await failuresOf(this.#deps.database);
    const present = await this.#present(this.#deps.database, rows);
    return rows.map((row) => ({
      ...show(row),
      owner: row.owner_name,
      ownerless: !isOwned(row, present),
      lastStatus: failures.get(row.id)?.last_status ?? null,
      lastError: failures.get(row.id)?.last_error ?? null,
      counts: Object.fromEntries([
        ...['waiting', 'delivered', 'dead', 'withheld'].map((state) => [state, 0]),
        ...counts.filter((one) => one.subscription_id === row.id).map(({ state, count }) => [state, count]),
      ]),
    }));
  }

  /**
   * Makes the caller the owner of a subscription that has none any more. Errors: `conflict.state` while its owner is
   * still there, or when the caller has as many as one may have.
   */
  async takeOver(caller: Caller, id: string): Promise<void> {
    const { database, clock } = this.#deps;
    await database.transaction(async (tx) => {
      const row = await this.#mine(tx, caller, id);
      if (isOwned(row, await this.#present(tx, [row]))) throw ownedAlready(row.owner_name);
      await refuseManyOfOne(tx, caller);
      const query = tx.tables<AlertTables>().updateTable('subscription').set(ownedBy(caller)).where('id', '=', id);
      const taken = await query.where('owner_id', 'is not distinct from', row.owner_id).executeTakeFirst();
      if (taken.numUpdatedRows === 0n) throw ownedAlready('somebody who took it over just now');
      await audit(tx, { caller, action: 'subscription.take-over', row, atMs: clock.nowMs() });
    });
  }

  /** Ends a subscription; what still waited for it is withheld and stays countable. */
  async remove(caller: Caller, id: string): Promise<void> {
    const { database, clock } = this.#deps;
    await database.transaction(async (tx) => {
      const row = await this.#mine(tx, caller, id);
      const db = tx.tables<AlertTables>();
      await db.updateTable('subscription').set({ state: 'removed' }).where('id', '=', id).execute();
      await db
        .updateTable('delivery')
        .set({ state: 'withheld', settled_at_ms: clock.nowMs() })
        .where('subscription_id', '=', id)
        .where('state', '=', 'waiting')
        .execute();
      await audit(tx, { caller, action: 'subscription.remove', row, atMs: clock.nowMs() });
    });
  }

  async deadLetters(caller: Caller, id: string, limit: number): Promise<DeadDelivery[]> {
    await this.#mine(this.#deps.database, caller, id);
    const rows = await this.#deps.database
      .tables<AlertTables>()
      .selectFrom('delivery')
      .select(['webhook_id', 'alert_id', 'attempts', 'created_at_ms', 'last_status', 'last_error'])
      .where('subscription_id', '=', id)
      .where('state', '=', 'dead')
      .orderBy('seq')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      webhookId: row.webhook_id,
      alert: row.alert_id,
      attempts: row.attempts,
      raisedAt: toRfc3339(row.created_at_ms),
      lastStatus: row.last_status,
      lastError: row.last_error,
    }));
  }

  /** Sends dead letters again, also after a receiver was gone; keeps their `webhook-id`. Returns how many. */
  async redrive(caller: Caller, id: string): Promise<number> {
    const { database, clock } = this.#deps;
    const keys = await database.transaction(async (tx) => {
      const row = await this.#mine(tx, caller, id);
      const nowMs = clock.nowMs();
      const db = tx.tables<AlertTables>();
      const again = { state: 'active' as const, state_reason: null };
      await db.updateTable('subscription').set(again).where('id', '=', id).where('state', '=', 'disabled').execute();
      const rows = await db
        .updateTable('delivery')
        .set({ state: 'waiting', settled_at_ms: null, attempts: 0, created_at_ms: nowMs })
        .where('subscription_id', '=', id)
        .where('state', '=', 'dead')
        .returning('alert_id')
        .execute();
      const found = rows.map(({ alert_id }) => `${id} ${alert_id}`);
      await enqueueWork(
        tx,
        clock,
        found.map((key) => ({ queue: DELIVERY_QUEUE, key })),
      );
      await audit(tx, { caller, action: 'subscription.redrive', row, atMs: nowMs });
      return found;
    });
    this.#deps.ring(DELIVERY_QUEUE);
    return keys.length;
  }

  #present(tables: Tables, rows: Row[]): Promise<Set<string>> {
    const ids = rows.flatMap(({ owner_id }) => owner_id ?? []);
    return this.#deps.whoIsStillThere(tables, ids, this.#deps.clock.nowMs());
  }

  async #mine(tx: Tables, caller: Caller, id: string): Promise<Row> {
    const query = tx
      .tables<AlertTables>()
      .selectFrom('subscription')
      .select(COLUMNS)
      .where('id', '=', requireUuid(id))
      .where('state', '!=', 'removed');
    const row = await withinJurisdiction(query, 'jurisdiction', caller.jurisdiction).executeTakeFirst();
    if (!row) throw new CitywatchError('not-found');
    return row;
  }
}

/** A subscription with what became of all that was raised for it. */
export interface CountedSubscription extends SubscriptionView {
  counts: Record<string, number>;
  owner: string;
  /** Its owner's account or token has ended; it goes on until somebody takes it over or ends it. */
  ownerless: boolean;
  /** Of the newest delivery that was tried and still waits; both null while nothing fails. */
  lastStatus: number | null;
  lastError: string | null;
}

async function failuresOf(tables: Tables) {
  const rows = await tables
    .tables<AlertTables>()
    .selectFrom('delivery')
    .distinctOn('subscription_id')
    .select(['subscription_id', 'last_status', 'last_error'])
    .where('state', '=', 'waiting')
    .where('last_error', 'is not', null)
    .orderBy('subscription_id')
    .orderBy('seq', 'desc')
    .execute();
  return new Map(rows.map((row) => [row.subscription_id, row]));
}

export interface DeadDelivery {
  webhookId: string;
  alert: string;
  attempts: number;
  raisedAt: string;
  lastStatus: number | null;
  lastError: string | null;
}

function show(row: Row) {
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    jurisdiction: row.jurisdiction,
    severities: row.severities,
    state: row.state,
    stateReason: row.state_reason,
    createdBy: row.created_by,
    createdAt: toRfc3339(row.created_at_ms),
  };
}

export type SubscriptionView = ReturnType<typeof show>;

function ownedBy({ type, id, name }: Caller) {
  return { owner_type: type, owner_id: id, owner_name: name };
}

function isOwned({ owner_id }: Pick<Row, 'owner_id'>, present: ReadonlySet<string>): boolean {
  return owner_id !== null && present.has(owner_id);
}

function ownedAlready(owner: string): CitywatchError {
  return new CitywatchError('conflict.state', { detail: `It belongs to ${owner}, who is still there.` });
}

async function audit(
  tx: Tables,
  { caller, action, row, atMs }: { caller: Caller; action: string; row: Row; atMs: number },
): Promise<void> {
  const after = { name: row.name, url: row.url, severities: row.severities };
  const subject = `subscription/${row.id}`;
  await recordAudit(tx, { caller, action, subject, jurisdiction: row.jurisdiction, after, atMs });
}

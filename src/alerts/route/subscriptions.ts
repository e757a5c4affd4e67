import { randomUUID } from 'node:crypto';
import { type Clock, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller } from '../../core/types.ts';
import { type Database, sql, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { enqueueWork } from '../../platform/work/work.ts';
import { DELIVERY_QUEUE } from '../desk/queues.ts';
import type { AlertTables } from '../desk/tables.ts';
import { LEVELS, type Level } from '../ladder/levels.ts';
import type { AlertClass } from '../rules/classes.ts';
import { SEVERITIES, type Severity } from '../rules/rules.ts';
import type { Sink, Sinks, TargetFields } from '../sinks/sink.ts';
import { auditSubscription, ownSubscription, sinkOf } from './own-subscription.ts';
import { type SecretBox, sealTarget } from './secrets.ts';
import {
  confirmsOf,
  departmentsOf,
  limitOf,
  refuseBeyondShare,
  refuseManyOfOne,
  type SeenAgencies,
  type SeenDepartments,
} from './subscription-shares.ts';
import {
  COLUMNS,
  type CountedSubscription,
  type DeadDelivery,
  failuresOf,
  type SubscriptionRow,
  type SubscriptionView,
  showSubscription,
} from './subscription-view.ts';

export interface SubscriptionInput {
  name: string;
  /** Of the sink that entries go out by. */
  type: string;
  /** Fields that the sink's schema takes. */
  target: TargetFields;
  jurisdiction: string;
  /** Of that only what belongs to this police agency, or to one below it; absent: as the caller is limited. */
  police?: string | null;
  severities?: Severity[];
  /** Absent: what rings the police desk. */
  classes?: AlertClass[];
  /** Of uncertain reads of wanted plates as well. */
  confirms?: boolean;
  /** Names of rules; absent: all. */
  rules?: string[];
  /** Ids of departments: only of what concerns one of them; absent: of all. */
  departments?: string[];
  /** Only of alerts that have come so far up the ladder; absent: of all, at once. */
  level?: Level;
}

export interface SubscriptionDeps {
  database: Database;
  clock: Clock;
  box: SecretBox;
  sinks: Sinks;
  agencies: SeenAgencies;
  departments: SeenDepartments;
  ring(queue: string): void;
  /** Those of these people and tokens that can still act. */
  whoIsStillThere(tables: Tables, ids: readonly string[], nowMs: number): Promise<Set<string>>;
}

export interface CreatedSubscription {
  subscription: SubscriptionView;
  /** Null where the sink has no secret of ours. */
  secret: string | null;
}

/** Who is told of which alerts. A subscription gets what is raised after it was made. */
export class Subscriptions {
  readonly #deps: SubscriptionDeps;

  constructor(deps: SubscriptionDeps) {
    this.#deps = deps;
  }

  /**
   * The answer carries, once, the secret that the sink has us make where the caller gave none. Errors:
   * `request.invalid` for an area, an agency or a department outside the caller's, `conflict.state` beyond a share, and
   * what the sink says of a target that may not be contacted.
   */
  async create(caller: Caller, input: SubscriptionInput): Promise<CreatedSubscription> {
    const { database, clock, box } = this.#deps;
    const police = limitOf(this.#deps.agencies, caller, input);
    const sink = sinkOf(this.#deps.sinks, input.type);
    const fields = fieldsOf(sink, input.target);
    await sink.check(fields);
    const { target, secrets } = sealTarget(box, sink, fields);
    const row: SubscriptionRow = {
      id: randomUUID(),
      name: input.name,
      type: sink.type,
      target,
      jurisdiction: input.jurisdiction,
      police,
      severities: input.severities ?? [...SEVERITIES],
      classes: input.classes ?? null,
      state: 'active',
      state_reason: null,
      created_by: caller.name,
      created_at_ms: clock.nowMs(),
      previous_until_ms: null,
      confirms: confirmsOf(caller, input),
      level: LEVELS.indexOf(input.level ?? 'station'),
      rules: input.rules ?? null,
      departments: departmentsOf(this.#deps.departments, caller, input),
      ...ownedBy(caller),
    };
    await database.transaction(async (tx) => {
      const db = tx.tables<AlertTables>();
      await refuseBeyondShare(tx, row);
      await db
        .insertInto('subscription')
        .values({ ...row, target: JSON.stringify(target), secrets: JSON.stringify(secrets) })
        .execute();
      await auditSubscription(tx, { caller, action: 'subscription.create', row, atMs: row.created_at_ms });
    });
    const shown = sink.ownSecret ? fields[sink.ownSecret.field] : undefined;
    return { subscription: showSubscription(row), secret: typeof shown === 'string' ? shown : null };
  }

  async list(caller: Caller): Promise<CountedSubscription[]> {
    const db = this.#deps.database.tables<AlertTables>();
    const all = db.selectFrom('subscription').select(COLUMNS).orderBy('created_at_ms');
    const query = all.where('state', '!=', 'removed');
    const rows = await withinJurisdiction(query, 'jurisdiction', ownArea(caller), 'police').execute();
    const count = db.selectFrom('delivery').select(['subscription_id', 'state', sql<number>`count(*)`.as('count')]);
    const counted = count.groupBy(['subscription_id', 'state']);
    // Each half has an index of its own.
    const waiting = counted.where('state', '=', 'waiting');
    const counts = await counted.where('state', '!=', 'waiting').unionAll(waiting).execute();
    const failures = await failuresOf(this.#deps.database);
    const present = await this.#present(this.#deps.database, rows);
    return rows.map((row) => ({
      ...showSubscription(row),
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
      const row = await ownSubscription(tx, caller, id);
      if (isOwned(row, await this.#present(tx, [row]))) throw ownedAlready(row.owner_name);
      await refuseManyOfOne(tx, caller);
      const query = tx.tables<AlertTables>().updateTable('subscription').set(ownedBy(caller)).where('id', '=', id);
      const taken = await query.where('owner_id', 'is not distinct from', row.owner_id).executeTakeFirst();
      if (taken.numUpdatedRows === 0n) throw ownedAlready('somebody who took it over just now');
      await auditSubscription(tx, { caller, action: 'subscription.take-over', row, atMs: clock.nowMs() });
    });
  }

  /** Ends a subscription; what still waited for it is withheld and stays countable. */
  async remove(caller: Caller, id: string): Promise<void> {
    const { database, clock } = this.#deps;
    await database.transaction(async (tx) => {
      const row = await ownSubscription(tx, caller, id);
      const db = tx.tables<AlertTables>();
      await db.updateTable('subscription').set({ state: 'removed' }).where('id', '=', id).execute();
      await db
        .updateTable('delivery')
        .set({ state: 'withheld', settled_at_ms: clock.nowMs() })
        .where('subscription_id', '=', id)
        .where('state', '=', 'waiting')
        .execute();
      await auditSubscription(tx, { caller, action: 'subscription.remove', row, atMs: clock.nowMs() });
    });
  }

  async deadLetters(caller: Caller, id: string, limit: number): Promise<DeadDelivery[]> {
    await ownSubscription(this.#deps.database, caller, id);
    const rows = await this.#deps.database
      .tables<AlertTables>()
      .selectFrom('delivery')
      .select(['id', 'alert_id', 'attempts', 'created_at_ms', 'last_status', 'last_error'])
      .where('subscription_id', '=', id)
      .where('state', '=', 'dead')
      .orderBy('seq')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      id: row.id,
      alert: row.alert_id,
      attempts: row.attempts,
      raisedAt: toRfc3339(row.created_at_ms),
      lastStatus: row.last_status,
      lastError: row.last_error,
    }));
  }

  /** Sends dead letters again, also after the target was gone; they keep their ids. Returns how many. */
  async redrive(caller: Caller, id: string): Promise<number> {
    const { database, clock } = this.#deps;
    const keys = await database.transaction(async (tx) => {
      const row = await ownSubscription(tx, caller, id);
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
      await auditSubscription(tx, { caller, action: 'subscription.redrive', row, atMs: nowMs });
      return found;
    });
    this.#deps.ring(DELIVERY_QUEUE);
    return keys.length;
  }

  #present(tables: Tables, rows: SubscriptionRow[]): Promise<Set<string>> {
    const ids = rows.flatMap(({ owner_id }) => owner_id ?? []);
    return this.#deps.whoIsStillThere(tables, ids, this.#deps.clock.nowMs());
  }
}

/** The target as the sink's schema takes it, with the secret that is ours to make. Whoever asks has checked it. */
function fieldsOf({ schema, ownSecret }: Sink, given: TargetFields): TargetFields {
  const fields = schema.parse(given);
  if (ownSecret && fields[ownSecret.field] === undefined) return { ...fields, [ownSecret.field]: ownSecret.make() };
  return fields;
}

function ownedBy({ type, id, name }: Caller) {
  return { owner_type: type, owner_id: id, owner_name: name };
}

function isOwned({ owner_id }: Pick<SubscriptionRow, 'owner_id'>, present: ReadonlySet<string>): boolean {
  return owner_id !== null && present.has(owner_id);
}

function ownedAlready(owner: string): CitywatchError {
  return new CitywatchError('conflict.state', { detail: `It belongs to ${owner}, who is still there.` });
}

import { randomUUID } from 'node:crypto';
import { type Clock, HOUR_MS, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError, invalid } from '../../core/errors.ts';
import type { Caller } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { AlertTables } from '../desk/tables.ts';
import type { Destination, ReceiverCheck, SendResult, Sink, SinkProbe, Sinks } from '../sinks/sink.ts';
import { auditSubscription, ownSubscription, sinkOf } from './own-subscription.ts';
import { openSecrets, type SecretBox } from './secrets.ts';

export interface SubscriptionToolsDeps {
  database: Database;
  clock: Clock;
  box: SecretBox;
  sinks: Sinks;
}

export interface Rotation {
  /** Made here when absent. */
  secret?: string;
  /** For how long what is sent is signed by the one before too. */
  overlapHours: number;
}

export interface Rotated {
  secret: string;
  /** RFC 3339. */
  previousUntil: string;
}

/** Tries and keeps in order what a subscription sends to; what waits for it stays as it is. */
export class SubscriptionTools {
  readonly #deps: SubscriptionToolsDeps;

  constructor(deps: SubscriptionToolsDeps) {
    this.#deps = deps;
  }

  /**
   * Sends something without effect, by the sink of the subscription, and says what came of it. Errors:
   * `conflict.state` where this version has no such sink.
   */
  async test(caller: Caller, id: string): Promise<SendResult> {
    const { sink, to, probe } = await this.#asked(caller, id, 'subscription.test');
    return await sink.test(probe, to);
  }

  /** The same, and says how the receiver treats what it should refuse. Errors: `conflict.state` where none can tell. */
  async judge(caller: Caller, id: string): Promise<ReceiverCheck[]> {
    const { sink, to, probe } = await this.#asked(caller, id, 'subscription.judge');
    return await requireJudge(sink)(probe, to);
  }

  /**
   * Gives the target another secret: from now on both sign, the new one first, until the time is over or there is a
   * third. Errors: `conflict.state` where the sink has no secret of ours, `request.invalid` for one of another form.
   */
  async rotate(caller: Caller, id: string, { secret, overlapHours }: Rotation): Promise<Rotated> {
    const { database, clock, box } = this.#deps;
    return await database.transaction(async (tx) => {
      const row = await ownSubscription(tx, caller, id);
      const sink = sinkOf(this.#deps.sinks, row.type);
      const { field, made } = newSecret(sink, secret);
      const nowMs = clock.nowMs();
      const untilMs = nowMs + overlapHours * HOUR_MS;
      const db = tx.tables<AlertTables>();
      const { secrets } = await db
        .selectFrom('subscription')
        .select('secrets')
        .where('id', '=', id)
        .forUpdate()
        .executeTakeFirstOrThrow();
      const next = { ...secrets, [field]: [box.seal(made, sink.type), ...(secrets[field] ?? []).slice(0, 1)] };
      const set = { secrets: JSON.stringify(next), previous_until_ms: untilMs };
      await db.updateTable('subscription').set(set).where('id', '=', id).execute();
      await auditSubscription(tx, { caller, action: 'subscription.rotate', row, atMs: nowMs });
      return { secret: made, previousUntil: toRfc3339(untilMs) };
    });
  }

  async #asked(caller: Caller, id: string, action: string): Promise<{ sink: Sink; to: Destination; probe: SinkProbe }> {
    const { database, clock, box } = this.#deps;
    const atMs = clock.nowMs();
    return await database.transaction(async (tx) => {
      const row = await ownSubscription(tx, caller, id);
      const sink = sinkOf(this.#deps.sinks, row.type);
      if (action === 'subscription.judge') requireJudge(sink);
      const kept = tx.tables<AlertTables>().selectFrom('subscription').select('secrets').where('id', '=', id);
      const { secrets } = await kept.executeTakeFirstOrThrow();
      await auditSubscription(tx, { caller, action, row, atMs });
      const living = { nowMs: atMs, previousUntilMs: row.previous_until_ms };
      const to = { target: row.target, secrets: openSecrets(box, row.type, secrets, living) };
      return { sink, to, probe: { id: `test_${randomUUID()}`, at: toRfc3339(atMs) } };
    });
  }
}

function requireJudge({ type, judge }: Sink): NonNullable<Sink['judge']> {
  if (judge) return judge;
  throw new CitywatchError('conflict.state', { detail: `What ${type} is sent to signs and repeats nothing to judge.` });
}

function newSecret({ type, ownSecret, schema }: Sink, given: string | undefined): { field: string; made: string } {
  if (!ownSecret)
    throw new CitywatchError('conflict.state', { detail: `A subscription of ${type} has no own secret.` });
  const { field } = ownSecret;
  if (given === undefined) return { field, made: ownSecret.make() };
  const issue = schema.shape[field]?.['~standard'].validate(given);
  if (issue && 'issues' in issue && issue.issues) throw invalid('secret', issue.issues[0]?.message ?? 'is not right');
  return { field, made: given };
}

import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { type Jurisdiction, NATIONWIDE } from '../../core/jurisdiction.ts';
import type { IncarnationOf } from '../../core/receipt.ts';
import { type Slot, slotOf } from '../../core/slots.ts';
import type { DeviceId, JournalPosition } from '../../core/types.ts';
import { type Database, sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { enqueueWork } from '../../platform/work/work.ts';
import { classedBy } from '../rules/classes.ts';
import { deviceOf, GATEWAY_SUBJECT } from '../rules/conditions/subject.ts';
import { dedupKey } from '../rules/findings.ts';
import type { Rule } from '../rules/rules.ts';
import { priorityOf } from './alert.ts';
import type { Committed } from './log.ts';
import { DESK_QUEUE } from './queues.ts';
import type { AlertTables } from './tables.ts';

export interface GatewayAlertsDeps {
  database: Database;
  clock: Clock;
  /** The rules in force. */
  rules(): readonly Rule[];
  /** Where the journal is now: the place that such an alert names. */
  position(): JournalPosition;
  incarnationOf: IncarnationOf;
  ownership: Pick<Ownership, 'ownerOf' | 'hold'>;
  committed(published: Committed): void;
}

/** Whom the gateway speaks of: itself, or a device. */
export interface SpokenOf {
  id: DeviceId;
  jurisdiction: Jurisdiction;
  slot: Slot;
}

const ITSELF: SpokenOf = { id: GATEWAY_SUBJECT.id, jurisdiction: NATIONWIDE, slot: slotOf(GATEWAY_SUBJECT.id) };
const LOCK = 6_104_220_304;

/**
 * Alerts that the gateway raises of itself, or of a device by what it knows of others, by rules of the type `gateway`.
 * They go to the desk without the journal and without the reader "rules", because they tell of what is wrong there.
 */
export class GatewayAlerts {
  readonly #deps: GatewayAlertsDeps;

  constructor(deps: GatewayAlertsDeps) {
    this.#deps = deps;
  }

  /**
   * Says that what `name` stands for holds, or no longer. Saying the same again changes nothing, whoever says it and
   * after how many restarts, unless the rule was removed and came back meanwhile; while it is away nothing is said. So
   * say it again and again. Throws `store.unavailable` while PostgreSQL is away.
   */
  async set(name: string, holds: boolean, data: Record<string, string | number>, about = ITSELF): Promise<void> {
    const { database, clock, rules, ownership, committed } = this.#deps;
    const rule = rules().find((each) => each.rule === name && each.by.hears === 'gateway');
    if (!rule) return;
    const tickets = await database.transaction(async (tx) => {
      await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(tx.tables());
      const subject = about === ITSELF ? GATEWAY_SUBJECT : deviceOf(about);
      const key = dedupKey({ rule: name, subject, scope: '' });
      const last = await lastSaid(tx, key, about.id);
      if (holds === last.holds && !(holds && (await isEnded(tx, key)))) return [];
      await ownership.hold(tx, `the alert ${name}`);
      await this.#store(tx, rule, { key, after: last.seq, holds, data, about });
      const ticket = { queue: DESK_QUEUE, key, priority: priorityOf(rule.severity) };
      await enqueueWork(tx, clock, [ticket]);
      return [ticket];
    });
    if (tickets.length > 0) committed({ tickets, entries: [], opened: [] });
  }

  /** Of which subjects what `name` stands for was said to hold. */
  async holding(name: string): Promise<string[]> {
    const alerts = this.#deps.database.tables<AlertTables>().selectFrom('alert').select('device').distinct();
    const active = alerts.where('rule', '=', name).where('handling', '!=', 'closed').where('condition', '=', 'active');
    return (await active.execute()).map(({ device }) => device);
  }

  async #store(
    tx: Tables,
    rule: Rule,
    said: { key: string; after: number; holds: boolean; data: Record<string, string | number>; about: SpokenOf },
  ): Promise<void> {
    const { clock, position, incarnationOf, ownership } = this.#deps;
    const at = position();
    const nowMs = clock.nowMs();
    const { id: subject, jurisdiction, slot } = said.about;
    const identity = `${rule.rule}@${rule.version}|${subject}|after ${said.after}`;
    await tx
      .tables<AlertTables>()
      .insertInto('finding')
      .values({
        id: createHash('sha256').update(identity).digest('hex').slice(0, 32),
        dedup_key: said.key,
        rule: rule.rule,
        rule_version: rule.version,
        severity: rule.severity,
        ...classedBy(rule),
        subject,
        jurisdiction,
        scope: '',
        kind: said.holds ? 'fired' : 'cleared',
        lane: at.lane,
        journal_offset: at.offset,
        incarnation: incarnationOf(at),
        device_at_ms: null,
        received_at_ms: nowMs,
        decided_at_ms: nowMs,
        data: JSON.stringify(said.data),
        slot,
        epoch: ownership.ownerOf(slot).epoch,
        alert_id: null,
        handled_at_ms: null,
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  }
}

/** Whether what was said last was handled, and its alert ended with its rule, which is in force again. */
async function isEnded(tx: Tables, key: string): Promise<boolean> {
  const db = tx.tables<AlertTables>();
  const pending = db.selectFrom('finding').select('id').where('dedup_key', '=', key).where('handled_at_ms', 'is', null);
  if (await pending.limit(1).executeTakeFirst()) return false;
  const newest = db.selectFrom('alert').select('condition').where('dedup_key', '=', key).orderBy('first_at_ms', 'desc');
  return (await newest.limit(1).executeTakeFirst())?.condition === 'stale';
}

/** What was said last under this key: the newest finding, or, where it is too old to be kept, the alert it became. */
async function lastSaid(tx: Tables, key: string, subject: string): Promise<{ holds: boolean; seq: number }> {
  const db = tx.tables<AlertTables>();
  const finding = await db
    .selectFrom('finding')
    .select(['kind', 'seq'])
    .where('dedup_key', '=', key)
    .where('subject', '=', subject)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (finding) return { holds: finding.kind === 'fired', seq: finding.seq };
  const alert = await db
    .selectFrom('alert')
    .select('id')
    .where('dedup_key', '=', key)
    .where('handling', '!=', 'closed')
    .where('condition', '=', 'active')
    .executeTakeFirst();
  return { holds: alert !== undefined, seq: 0 };
}

import type { Clock } from '../../core/clock.ts';
import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { IncarnationOf } from '../../core/receipt.ts';
import type { Slot } from '../../core/slots.ts';
import type { JournalPosition } from '../../core/types.ts';
import type { Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { enqueueWork, type WorkTicket } from '../../platform/work/work.ts';
import { priorityOf } from '../desk/alert.ts';
import { DESK_QUEUE } from '../desk/queues.ts';
import type { AlertTables } from '../desk/tables.ts';
import { classedBy } from '../rules/classes.ts';
import type { Rule } from '../rules/rules.ts';

export interface SaidDeps {
  clock: Clock;
  /** Where the journal is now: the place that such a finding names. */
  position(): JournalPosition;
  incarnationOf: IncarnationOf;
  ownership: Pick<Ownership, 'ownerOf' | 'hold'>;
}

/** What people and other systems say, as a finding that no rule has judged. */
export interface Said {
  /** The same for what is said again: it is stored once. */
  id: string;
  key: string;
  rule: Pick<Rule, 'rule' | 'version' | 'class' | 'police'>;
  severity: string;
  /** As `subjectText` writes it. */
  subject: string;
  jurisdiction: Jurisdiction;
  scope: string;
  slot: Slot;
  kind: 'fired' | 'cleared';
  /** When it happened by the clock of who says it, Unix ms; null where that was not said. */
  deviceAtMs: number | null;
  data: Readonly<Record<string, unknown>>;
  exercise: boolean;
}

/**
 * Stores what was said, with the work for the desk, in this transaction: what is told to have been taken is a finding
 * by then (P3). Returns that work. Throws `lease.lost` where another node has taken over.
 */
export async function storeSaid(tx: Tables, deps: SaidDeps, said: Said): Promise<WorkTicket[]> {
  const { clock, position, incarnationOf, ownership } = deps;
  const at = position();
  const nowMs = clock.nowMs();
  await ownership.hold(tx, `the alert ${said.key}`);
  await tx
    .tables<AlertTables>()
    .insertInto('finding')
    .values({
      id: said.id,
      dedup_key: said.key,
      rule: said.rule.rule,
      rule_version: said.rule.version,
      severity: said.severity,
      ...classedBy(said.rule),
      subject: said.subject,
      jurisdiction: said.jurisdiction,
      scope: said.scope,
      kind: said.kind,
      lane: at.lane,
      journal_offset: at.offset,
      incarnation: incarnationOf(at),
      device_at_ms: said.deviceAtMs,
      received_at_ms: nowMs,
      decided_at_ms: nowMs,
      data: JSON.stringify(said.data),
      slot: said.slot,
      epoch: ownership.ownerOf(said.slot).epoch,
      exercise: said.exercise,
      alert_id: null,
      handled_at_ms: null,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  const ticket = { queue: DESK_QUEUE, key: said.key, priority: priorityOf(said.severity) };
  await enqueueWork(tx, clock, [ticket]);
  return [ticket];
}

import { createHash } from 'node:crypto';
import type { DeviceId, FieldValue, JournalPosition } from '../../core/types.ts';
import type { Outcome } from './conditions/conditions.ts';
import type { SeenPlates } from './plates.ts';
import type { Rule } from './rules.ts';

/** A rule's verdict on one subject: it fired or it cleared. In PostgreSQL before its message counts as judged (P3). */
export interface Finding {
  id: string;
  rule: string;
  ruleVersion: number;
  severity: Rule['severity'];
  subject: DeviceId;
  jurisdiction: string;
  /** Splits alerts of one rule and subject: one per wanted plate; empty otherwise. */
  scope: string;
  kind: 'fired' | 'cleared';
  position: JournalPosition;
  /** When the device says it happened; null for a clock that ran out. */
  deviceAtMs: number | null;
  receivedAtMs: number;
  decidedAtMs: number;
  /** What was seen, for the reader of the alert: plates are masked. */
  data: Record<string, FieldValue | string[] | null>;
  /** The plates whole; never stored or shown in clear. */
  plates: SeenPlates | null;
}

/** Place of the record in its message; `3.1`: the second plate of record 3. */
export type FindingIndex = number | 'timer' | `${number}.${number}`;

/**
 * hash(rule@version, subject, journal position, record index): the same evidence judged twice is stored once. A clock
 * that ran out takes the position of the record that started it and the index `timer` (design §2).
 */
export function findingId(
  rule: Pick<Rule, 'rule' | 'version'>,
  subject: DeviceId,
  position: JournalPosition,
  index: FindingIndex,
): string {
  const text = `${rule.rule}@${rule.version}|${subject}|${position.lane}-${position.offset}|${index}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** What alerts are merged by: while one with this key is not closed, further findings update it. */
export function dedupKey(finding: Pick<Finding, 'rule' | 'subject' | 'scope'>): string {
  return [finding.rule, finding.subject, finding.scope].filter(Boolean).join('|');
}

/** What every finding of an outcome has, whatever was seen. */
export function findingOf(
  rule: Rule,
  { device, jurisdiction }: { device: DeviceId; jurisdiction: string },
  { kind, position }: Outcome,
  index: FindingIndex,
) {
  const { rule: name, version: ruleVersion, severity } = rule;
  const id = findingId(rule, device, position, index);
  const seen = { scope: '', plates: null };
  return { id, rule: name, ruleVersion, severity, subject: device, jurisdiction, ...seen, kind, position };
}

import { createHash } from 'node:crypto';
import type { JournalPosition } from '../../core/types.ts';
import type { SeenBy } from '../desk/log/audience.ts';
import { type Classed, classedBy } from './classes.ts';
import type { Evidence, Judgement, Transition } from './conditions/condition.ts';
import { type Subject, subjectText } from './conditions/subject.ts';
import type { Rule } from './rules.ts';

/** A rule's verdict on one subject: it fired or it cleared. In PostgreSQL before its message counts as judged (P3). */
export interface Finding extends Evidence, Classed {
  id: string;
  rule: string;
  ruleVersion: number;
  severity: Rule['severity'];
  subject: Subject;
  jurisdiction: string;
  /** Splits alerts of one rule and subject: one per wanted plate; empty otherwise. */
  scope: string;
  /** Who alone may see the alert it leads to; null for everybody of the area. */
  seenBy: SeenBy;
  transition: Transition;
  position: JournalPosition;
  receivedAtMs: number;
  decidedAtMs: number;
}

/** Place of the record in its message; `3.1`: the second thing that record 3 shows. `stale`: that it is. */
export type FindingIndex = number | 'timer' | 'stale' | `${number}.${number}`;

/**
 * hash(rule@version, subject, journal position, record index): the same evidence judged twice is stored once. A clock
 * that ran out takes the position of the record that started it and the index `timer` (design §2).
 */
export function findingId(
  rule: Pick<Rule, 'rule' | 'version'>,
  subject: Subject,
  position: JournalPosition,
  index: FindingIndex | `${FindingIndex} ${string}`,
): string {
  const place = `${position.lane}-${position.offset}|${index}`;
  const text = `${rule.rule}@${rule.version}|${subjectText(subject)}|${place}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** What alerts are merged by: while one with this key is not closed, further findings update it. */
export function dedupKey({ rule, subject, scope }: Pick<Finding, 'rule' | 'subject' | 'scope'>): string {
  return [rule, subjectText(subject), scope].filter(Boolean).join('|');
}

/** The rule of a dedup key: its name has no bar. */
export function ruleOf(key: string): string {
  return key.split('|', 1)[0]!;
}

/** The subject of a dedup key, as it is written: neither a name of a rule nor a subject has a bar. */
export function subjectOfKey(key: string): string {
  return key.split('|', 2)[1] ?? '';
}

/** Where and when a judgement was made. */
export interface Decided {
  subject: Subject;
  jurisdiction: string;
  /** Index of the record that was judged; 0 for a message as a whole. */
  index: number | 'timer' | 'stale';
  /** What of the subject is meant, as `lane=3`; empty for the whole of it. */
  part: string;
  receivedAtMs: number;
  decidedAtMs: number;
}

/** The finding of a judgement; what the record showed is told with what is its part's own. */
export function findingOf(
  rule: Rule,
  { transition, position, part }: Judgement,
  { index: ofRecord, part: ofSubject, ...decided }: Decided,
  evidence: Evidence,
): Finding {
  // The first thing has the index of its record.
  const index: FindingIndex = typeof ofRecord === 'number' && part && part.at > 0 ? `${ofRecord}.${part.at}` : ofRecord;
  const plates = evidence.plates || part?.plates ? { ...evidence.plates, ...part?.plates } : null;
  return {
    ...decided,
    id: findingId(rule, decided.subject, position, ofSubject === '' ? index : `${index} ${ofSubject}`),
    rule: rule.rule,
    ruleVersion: rule.version,
    severity: rule.severity,
    ...classedBy(rule),
    scope: part?.scope ?? ofSubject,
    seenBy: part?.seenBy ?? null,
    transition,
    position,
    deviceAtMs: evidence.deviceAtMs,
    data: { ...evidence.data, ...part?.data, ...(ofSubject !== '' && dataOf(ofSubject)) },
    plates,
  };
}

/** The lane that is meant, as a clock that ran out does not tell it. */
function dataOf(part: string): Evidence['data'] {
  const at = part.indexOf('=');
  const value = decodeURIComponent(part.slice(at + 1));
  return { [part.slice(0, at)]: /^-?\d+$/.test(value) ? Number(value) : value };
}

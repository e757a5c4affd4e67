import type { Message } from '../../../core/types.ts';
import type { ConditionSettings, ConditionState, Input, Judgement, Sign } from '../conditions/condition.ts';
import { jurisdictionOf, type Subject } from '../conditions/subject.ts';
import { type Finding, findingOf } from '../findings.ts';
import type { Place, StateName } from '../memory/memory.ts';
import type { Raised } from '../memory/remembered.ts';
import type { About } from '../reach.ts';
import type { Rule } from '../rules.ts';

/** What is the same for all rules that judge one message. */
export interface Heard {
  sign: Sign;
  /** By what rules choose; null until one asks. */
  about: About | null;
  decidedAtMs: number;
  findings: Finding[];
}

/** A rule and what it judges. */
export interface Judged {
  rule: Rule;
  settings: ConditionSettings;
  subject: Subject;
  /** As `lane=3`; empty for the whole of it. */
  part: string;
  name: StateName;
  raised: Raised | undefined;
}

/** What was decided of a subject, and from what. */
export interface Told extends Pick<Judged, 'rule' | 'settings' | 'subject' | 'part'> {
  from: Input | 'timer';
  /** Of a clock that ran out: as it was before. */
  state: ConditionState | null;
  jurisdiction: string;
  index: number | 'timer' | 'stale';
  receivedAtMs: number;
  decidedAtMs: number;
}

/** What is told of an input, but for how it ended. */
export function toldOf(
  { rule, settings, subject, part }: Judged,
  input: Input,
  { decidedAtMs }: Heard,
): Omit<Told, 'state' | 'index'> {
  const { message } = input;
  const { jurisdiction } = placeOf(subject, message);
  return { rule, settings, subject, part, jurisdiction, receivedAtMs: message.receivedAtMs, decidedAtMs, from: input };
}

/** Adds a finding for each judgement; `data` replaces what the condition would show. */
export function tell(told: Told, judgements: readonly Judgement[], findings: Finding[], data?: Finding['data']): void {
  if (judgements.length === 0) return;
  const { rule, settings, state, from, ...decided } = told;
  const evidence = data ? { deviceAtMs: null, data, plates: null } : rule.by.evidence(settings, state, from);
  for (const judgement of judgements) findings.push(findingOf(rule, judgement, decided, evidence));
}

/** Where a subject is: where the device is, unless it is a district. */
export function placeOf(subject: Subject, { device }: Message): Place {
  const jurisdiction = jurisdictionOf(subject, device);
  return jurisdiction === device.jurisdiction ? device : { kind: device.kind, jurisdiction };
}

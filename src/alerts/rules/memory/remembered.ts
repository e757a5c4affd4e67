import type { DecodedRecord, JournalPosition } from '../../../core/types.ts';
import type { ConditionState } from '../conditions/condition.ts';
import type { Subject } from '../conditions/subject.ts';
import type { States } from './states.ts';

/** Something that was raised, and until when it is believed. */
export interface Raised {
  /** What confirmed it last. */
  position: JournalPosition;
  /** When it becomes stale, Unix ms; null where it has, or never does. */
  untilMs: number | null;
  /** It has, and that was told. */
  stale?: true;
  /** Whose it was when it was told to fire; absent in states of versions without it. */
  told?: string;
}

/** What one rule remembers of one subject, or of one lane of it. */
export interface StoredState {
  version: number;
  state: ConditionState | null;
  raised?: Raised;
}

/** Rule states of one subject as they are stored: by rule and part, with the version they belong to. */
export type StoredStates = Record<string, StoredState>;

export interface SubjectStates {
  subject: Subject;
  kind: string;
  jurisdiction: string;
  states: StoredStates;
}

/** All that is remembered of one subject. Keys are those of {@link stateKey}. */
export interface Remembered {
  kind: string;
  jurisdiction: string;
  states: States;
  raised: Map<string, Raised>;
}

/** The value of the kind's tag that a record speaks of, as `lane=3`; empty where it speaks of the whole device. */
export function partOf(record: DecodedRecord | null): string {
  if (!record?.tag || record.type === 'state') return '';
  const value = (record.type === 'reading' ? record.values : record.data).get(record.tag);
  if (value === undefined || typeof value === 'object') return '';
  return `${record.tag}=${String(value).replaceAll(/[#%|]/g, encodeURIComponent)}`;
}

/** Under which a state is kept: neither a name of a rule nor a tag has a `#`. */
export function stateKey(rule: string, part: string): string {
  return part === '' ? rule : `${rule}#${part}`;
}

export function ofStateKey(key: string): { rule: string; part: string } {
  const mark = key.indexOf('#');
  return mark < 0 ? { rule: key, part: '' } : { rule: key.slice(0, mark), part: key.slice(mark + 1) };
}

/** Two clocks of one state: that of its condition, and that of what was raised. */
export type ClockName = 'condition' | 'raised';

const MARK: Record<ClockName, string> = { condition: '', raised: '~' };

export function timerKey(name: ClockName, key: string, text: string): string {
  return `${MARK[name]}${key}|${text}`;
}

/** Neither names of rules nor values of tags have a bar, and names begin with a letter. */
export function ofTimerKey(timer: string): { name: ClockName; key: string; text: string } {
  const bar = timer.indexOf('|');
  const name = timer.startsWith(MARK.raised) ? 'raised' : 'condition';
  return { name, key: timer.slice(MARK[name].length, bar), text: timer.slice(bar + 1) };
}

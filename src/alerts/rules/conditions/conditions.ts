import { orderMs } from '../../../core/device-time.ts';
import { wordOf } from '../../../core/internal-records.ts';
import type { DecodedMessage, DeviceEvent, FieldValue, JournalPosition, Reading } from '../../../core/types.ts';
import type { Clause, Condition } from '../rules.ts';

/**
 * The pure heart of the rules: (state, input) → (state, outcome). Nothing here reads a clock: time is `receivedAtMs` of
 * the record being judged, so catching up after a crash decides exactly what was decided before it (design §2).
 */

/** Where a clock was started: names the finding that its timer will raise. */
export type Origin = JournalPosition;

export interface ThresholdState {
  type: 'threshold';
  /** Per clause: over its limit and not yet back below its clear level. */
  raised: boolean[];
  phase: 'clear' | 'pending' | 'active' | 'clearing';
  /** Order (core/device-time.ts) of the newest reading judged, 0 before the first; an older one changes nothing. */
  lastAtMs: number;
  since: Origin | null;
  dueAtMs: number | null;
  /** Newest value of each field the rule looks at: what the alert shows when a clock raises it. */
  seen: Record<string, FieldValue>;
}

export interface AbsenceState {
  type: 'absence';
  phase: 'present' | 'absent';
  since: Origin;
  dueAtMs: number | null;
}

export type RuleState = ThresholdState | AbsenceState;

/** What a step decided: a finding to raise, and from where its identity comes. */
export interface Outcome {
  kind: 'fired' | 'cleared';
  /** `timer` when a clock raised it; then the position is where that clock was started. */
  by: 'record' | 'timer';
  position: Origin;
}

export interface StepResult<State> {
  state: State;
  outcome: Outcome | null;
}

/** The circumstances of the record being judged. */
export interface Now {
  position: Origin;
  receivedAtMs: number;
}

type ThresholdCondition = Extract<Condition, { type: 'threshold' }>;
type EventCondition = Extract<Condition, { type: 'event' }>;

export function initialThreshold(condition: ThresholdCondition): ThresholdState {
  const raised = condition.any.map(() => false);
  return { type: 'threshold', raised, phase: 'clear', lastAtMs: 0, since: null, dueAtMs: null, seen: {} };
}

function clauseRaised(clause: Clause, before: boolean, value: FieldValue): boolean {
  if ('equals' in clause) return value === clause.equals;
  if (typeof value !== 'number') return before;
  if ('above' in clause) {
    return before && clause.clear_below !== undefined ? value >= clause.clear_below : value > clause.above;
  }
  return before && clause.clear_above !== undefined ? value <= clause.clear_above : value < clause.below;
}

/**
 * Judges one reading. Returns the same state object when the reading says nothing about this rule or is older than one
 * that was judged. One of the same time counts: a device whose clock ticks in seconds may catch fire within one.
 */
export function judgeReading(
  condition: ThresholdCondition,
  state: ThresholdState,
  reading: Pick<Reading, 'values' | 'atMs' | 'receivedAtMs'>,
  now: Now,
): StepResult<ThresholdState> {
  const concerned = condition.any.some((clause) => reading.values.has(clause.field));
  const lastAtMs = orderMs(reading);
  if (!concerned || lastAtMs < state.lastAtMs) return { state, outcome: null };
  const raised = condition.any.map((clause, index) => {
    const value = reading.values.get(clause.field);
    const before = state.raised[index] ?? false;
    return value === undefined ? before : clauseRaised(clause, before, value);
  });
  const fields = condition.any.map(({ field }) => field).filter((field) => reading.values.has(field));
  const news = Object.fromEntries(fields.map((field) => [field, reading.values.get(field) as FieldValue]));
  const next = { ...state, raised, lastAtMs, seen: { ...state.seen, ...news } };
  return move(condition, next, raised.includes(true), now);
}

function move(
  condition: ThresholdCondition,
  state: ThresholdState,
  over: boolean,
  now: Now,
): StepResult<ThresholdState> {
  const start = (phase: 'pending' | 'clearing', holdS: number): StepResult<ThresholdState> => ({
    state: { ...state, phase, since: now.position, dueAtMs: now.receivedAtMs + holdS * 1000 },
    outcome: null,
  });
  const settle = (phase: 'clear' | 'active', kind: Outcome['kind'] | null): StepResult<ThresholdState> => ({
    state: { ...state, phase, since: null, dueAtMs: null },
    outcome: kind && { kind, by: 'record', position: now.position },
  });
  switch (state.phase) {
    case 'clear':
      if (!over) return { state, outcome: null };
      return condition.hold_s > 0 ? start('pending', condition.hold_s) : settle('active', 'fired');
    case 'pending':
      return over ? { state, outcome: null } : settle('clear', null);
    case 'active':
      if (over) return { state, outcome: null };
      return condition.clear_hold_s > 0 ? start('clearing', condition.clear_hold_s) : settle('clear', 'cleared');
    case 'clearing':
      return over ? settle('active', null) : { state, outcome: null };
  }
}

/** The state's timer has come due. */
export function thresholdTimer(state: ThresholdState): StepResult<ThresholdState> {
  if (state.since === null || (state.phase !== 'pending' && state.phase !== 'clearing'))
    return { state, outcome: null };
  const fired = state.phase === 'pending';
  return {
    state: { ...state, phase: fired ? 'active' : 'clear', since: null, dueAtMs: null },
    outcome: { kind: fired ? 'fired' : 'cleared', by: 'timer', position: state.since },
  };
}

/**
 * What a message says about presence: a sign of life, a new start of a clock that runs (the gateway's own start), or
 * nothing (the device's own farewell neither proves life nor shortens the wait).
 */
export type Sign = 'alive' | 'clock' | 'none';

/**
 * Whoever sends what cannot be used, or what was sent before, is there. Backfill is read when there is time, and a
 * replay is our own doing: both say nothing of now. Of the gateway's own words, only that a device answered counts.
 */
export function signOf({ message, records, refusals }: DecodedMessage): Sign {
  const word = wordOf(message);
  if (message.lane !== 'live' || word === 'nobody') return 'none';
  const isHere = records.some((record) => record.type !== 'state' || record.online);
  if (word === 'asked' || message.channel === 'state') return isHere ? 'alive' : 'none';
  return isHere || records.length === 0 || refusals.length > 0 ? 'alive' : 'none';
}

/** Judges one sign of presence. `state` is null for a device never heard of: its first sign of life begins a clock. */
export function judgePresence(
  silentForS: number,
  state: AbsenceState | null,
  sign: Sign,
  now: Now,
): StepResult<AbsenceState | null> {
  if (sign === 'none') return { state, outcome: null };
  if (sign === 'clock' && state?.phase !== 'present') return { state, outcome: null };
  const next: AbsenceState = {
    type: 'absence',
    phase: 'present',
    since: now.position,
    dueAtMs: now.receivedAtMs + silentForS * 1000,
  };
  const outcome: Outcome | null =
    state?.phase === 'absent' ? { kind: 'cleared', by: 'record', position: now.position } : null;
  return { state: next, outcome };
}

export function absenceTimer(state: AbsenceState): StepResult<AbsenceState> {
  if (state.phase !== 'present') return { state, outcome: null };
  return {
    state: { ...state, phase: 'absent', dueAtMs: null },
    outcome: { kind: 'fired', by: 'timer', position: state.since },
  };
}

/** A state after a start of the gateway: silence counts from there. Returns the same object when nothing changes. */
export function afterStart(condition: Condition, state: RuleState, now: Now): RuleState {
  if (state.type !== 'absence' || condition.type !== 'absence') return state;
  return judgePresence(condition.silent_for_s, state, 'clock', now).state ?? state;
}

/**
 * A state after the gateway's clock was set: silence and whatever must last begin anew, because how long they have
 * lasted cannot be told any more; a reading that was taken later than it is now hides none.
 */
export function afterClockSet(condition: Condition, state: RuleState, now: Now): RuleState {
  if (state.type !== 'threshold' || condition.type !== 'threshold') return afterStart(condition, state, now);
  const lastAtMs = Math.min(state.lastAtMs, now.receivedAtMs);
  const holdS = state.phase === 'pending' ? condition.hold_s : condition.clear_hold_s;
  const dueAtMs = state.dueAtMs === null ? null : now.receivedAtMs + holdS * 1000;
  return lastAtMs === state.lastAtMs && dueAtMs === null ? state : { ...state, lastAtMs, dueAtMs };
}

/** Whether an event fits an event rule, before any watchlist is asked. */
export function eventMatches(condition: EventCondition, event: DeviceEvent): boolean {
  if (event.event !== condition.event) return false;
  return Object.entries(condition.where).every(([field, value]) => event.data.get(field) === value);
}

import { z } from 'zod';
import { DAY_S } from '../../../core/clock.ts';
import { orderMs } from '../../../core/device-time.ts';
import type { DeviceKind, FieldSpec, FieldValue, JournalPosition, Reading } from '../../../core/types.ts';
import { splitPlates } from '../plates.ts';
import {
  type Condition,
  type ConditionState,
  type Misfit,
  positionOf,
  type Step,
  type Transition,
  unchanged,
} from './condition.ts';
import { fieldName } from './names.ts';
import { deviceOf } from './subject.ts';

const seconds = z.number().min(0).max(DAY_S);

const clause = z.union([
  z.strictObject({ field: fieldName, equals: z.union([z.boolean(), z.string()]) }),
  z.strictObject({ field: fieldName, above: z.number(), clear_below: z.number().optional() }),
  z.strictObject({ field: fieldName, below: z.number(), clear_above: z.number().optional() }),
]);

const schema = z.strictObject({
  type: z.literal('threshold'),
  any: z.array(clause).min(1).max(16),
  hold_s: seconds.default(0),
  clear_hold_s: seconds.default(0),
});

export type Threshold = z.infer<typeof schema>;
type Clause = z.infer<typeof clause>;

export interface ThresholdState extends ConditionState {
  type: 'threshold';
  /** Per clause: over its limit and not yet back below its clear level. */
  raised: boolean[];
  phase: 'clear' | 'pending' | 'active' | 'clearing';
  /** Order (core/device-time.ts) of the newest reading judged, 0 before the first; an older one changes nothing. */
  lastAtMs: number;
  /** Newest value of each field the rule looks at: what the alert shows when a clock raises it. */
  seen: Record<string, FieldValue>;
}

/** A value is over its limit: any of some clauses, with clear levels and hold times. */
export const threshold: Condition<Threshold, ThresholdState> = {
  type: 'threshold',
  hears: 'devices',
  clock: 'duration',
  schema,

  check: (settings, kind) => settings.any.flatMap((one, index) => clauseMisfits(one, kind, ['any', index])),

  subject: (_, { message, record }) => (record?.type === 'reading' ? deviceOf(message.device) : null),

  initial(settings) {
    const raised = settings.any.map(() => false);
    return { type: 'threshold', raised, phase: 'clear', lastAtMs: 0, since: null, dueAtMs: null, seen: {} };
  },

  judge(settings, state, { message, record }) {
    if (!state || record?.type !== 'reading') return unchanged(state);
    return judgeReading(settings, state, record, { position: positionOf(message), receivedAtMs: message.receivedAtMs });
  },

  timer(_, state) {
    if (state.since === null || (state.phase !== 'pending' && state.phase !== 'clearing')) return unchanged(state);
    const fired = state.phase === 'pending';
    return {
      state: { ...state, phase: fired ? 'active' : 'clear', since: null, dueAtMs: null },
      judgements: [{ transition: fired ? 'fired' : 'cleared', position: state.since }],
    };
  },

  /**
   * After a start, what lasts goes on lasting. After the wall clock was set it lasts its whole time from then, because
   * how long it has lasted cannot be told; a reading that was taken later than it is now hides none.
   */
  restart(settings, state, { cause, receivedAtMs }) {
    if (cause === 'start') return state;
    const lastAtMs = Math.min(state.lastAtMs, receivedAtMs);
    const holdS = state.phase === 'pending' ? settings.hold_s : settings.clear_hold_s;
    const dueAtMs = state.dueAtMs === null ? null : receivedAtMs + holdS * 1000;
    return lastAtMs === state.lastAtMs && dueAtMs === null ? state : { ...state, lastAtMs, dueAtMs };
  },

  evidence(_, state, from) {
    // What lasted was last confirmed by the newest reading.
    if (from === 'timer') return { deviceAtMs: state?.lastAtMs ?? null, data: state?.seen ?? {}, plates: null };
    const { record } = from;
    if (record?.type !== 'reading') return { deviceAtMs: null, data: {}, plates: null };
    return { deviceAtMs: record.atMs, ...splitPlates(record.values, record.plates) };
  },
};

/** Where and when a reading is judged. */
interface Now {
  position: JournalPosition;
  receivedAtMs: number;
}

/**
 * Returns the same state object when the reading says nothing about this rule or is older than one that was judged. One
 * of the same time counts: a device whose clock ticks in seconds may catch fire within one.
 */
function judgeReading(
  settings: Threshold,
  state: ThresholdState,
  reading: Pick<Reading, 'values' | 'atMs' | 'receivedAtMs'>,
  now: Now,
): Step<ThresholdState> {
  const lastAtMs = orderMs(reading);
  if (lastAtMs < state.lastAtMs) return unchanged(state);
  // Once for each message and rule: it makes no more than the state that it returns.
  const raised: boolean[] = [];
  let seen: ThresholdState['seen'] | null = null;
  for (const [index, one] of settings.any.entries()) {
    const value = reading.values.get(one.field);
    const before = state.raised[index] ?? false;
    raised.push(value === undefined ? before : isRaised(one, before, value));
    if (value === undefined) continue;
    seen ??= { ...state.seen };
    seen[one.field] = value;
  }
  if (!seen) return unchanged(state);
  return move(settings, { ...state, raised, lastAtMs, seen }, raised.includes(true), now);
}

function isRaised(one: Clause, before: boolean, value: FieldValue): boolean {
  if ('equals' in one) return value === one.equals;
  if (typeof value !== 'number') return before;
  if ('above' in one) return before && one.clear_below !== undefined ? value >= one.clear_below : value > one.above;
  return before && one.clear_above !== undefined ? value <= one.clear_above : value < one.below;
}

function move(settings: Threshold, state: ThresholdState, over: boolean, now: Now): Step<ThresholdState> {
  switch (state.phase) {
    case 'clear':
      if (!over) return unchanged(state);
      return settings.hold_s > 0
        ? begun(state, 'pending', settings.hold_s, now)
        : settled(state, 'active', 'fired', now);
    case 'pending':
      return over ? unchanged(state) : settled(state, 'clear', null, now);
    case 'active':
      if (over) return unchanged(state);
      if (settings.clear_hold_s > 0) return begun(state, 'clearing', settings.clear_hold_s, now);
      return settled(state, 'clear', 'cleared', now);
    case 'clearing':
      return over ? settled(state, 'active', null, now) : unchanged(state);
  }
}

function begun(state: ThresholdState, phase: 'pending' | 'clearing', holdS: number, now: Now): Step<ThresholdState> {
  return {
    state: { ...state, phase, since: now.position, dueAtMs: now.receivedAtMs + holdS * 1000 },
    judgements: [],
  };
}

function settled(
  state: ThresholdState,
  phase: 'clear' | 'active',
  transition: Transition | null,
  now: Now,
): Step<ThresholdState> {
  return {
    state: { ...state, phase, since: null, dueAtMs: null },
    judgements: transition ? [{ transition, position: now.position }] : [],
  };
}

function clauseMisfits(one: Clause, kind: DeviceKind, path: (string | number)[]): Misfit[] {
  const spec = kind.fields.get(one.field);
  if (!spec) return [{ path: [...path, 'field'], message: `kind ${kind.kind} has no field "${one.field}"` }];
  if ('equals' in one) return equalsMisfits(one.equals, spec, path);
  if (spec.type !== 'number' && spec.type !== 'integer') {
    return [{ path: [...path, 'field'], message: `${one.field} is ${spec.type}; only numbers can be above or below` }];
  }
  const limit = 'above' in one ? one.above : one.below;
  const clear = 'above' in one ? one.clear_below : one.clear_above;
  const found: Misfit[] = [];
  if (limit < spec.min || limit > spec.max) {
    found.push({ path, message: `${limit} is outside the range ${spec.min} to ${spec.max} of ${one.field}` });
  }
  if (clear !== undefined && ('above' in one ? clear > limit : clear < limit)) {
    found.push({ path, message: `the clear level ${clear} lies beyond the limit ${limit}, so it would flap` });
  }
  return found;
}

function equalsMisfits(value: boolean | string, spec: FieldSpec, path: (string | number)[]): Misfit[] {
  const fits =
    typeof value === 'boolean' ? spec.type === 'boolean' : spec.type === 'enum' && spec.values.includes(value);
  return fits ? [] : [{ path: [...path, 'equals'], message: `${JSON.stringify(value)} is no value of this field` }];
}

import { z } from 'zod';
import { DAY_S } from '../../../core/clock.ts';
import { orderMs } from '../../../core/device-time.ts';
import type { FieldValue, Reading } from '../../../core/types.ts';
import { splitPlates } from '../plates.ts';
import { type Condition, type Step, said, unchanged } from './condition.ts';
import { type Clause, clause, clauseMisfits, isRaised, noneOf } from './parts/clauses.ts';
import { anew, type HoldState, lasted, move, type Now } from './parts/holding.ts';
import { deviceOf } from './subject.ts';

const seconds = z.number().min(0).max(DAY_S);

const schema = z.strictObject({
  type: z.literal('threshold'),
  any: z.array(clause).min(1).max(16),
  /** All of these must be true as well. */
  while: z.array(clause).max(8).default([]),
  hold_s: seconds.default(0),
  clear_hold_s: seconds.default(0),
});

export type Threshold = z.infer<typeof schema>;

export interface ThresholdState extends HoldState {
  type: 'threshold';
  /** Per clause: over its limit and not yet back below its clear level. */
  raised: boolean[];
  /** The same of each clause of `while`; absent where there is none. */
  met?: boolean[];
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
  byPart: true,
  schema,

  lasts: () => true,

  ages: () => 'silence',

  concerns: ({ any }, { record }) => record?.type === 'reading' && any.some(({ field }) => record.values.has(field)),

  check: (settings, kind) =>
    (['any', 'while'] as const).flatMap((key) =>
      settings[key].flatMap((one, index) => clauseMisfits(one, kind, [key, index])),
    ),

  looksAt: () => ['reading'],

  subject: (_, { message, record }) => (record?.type === 'reading' ? deviceOf(message.device) : null),

  initial(settings) {
    const raised = noneOf(settings.any);
    return { type: 'threshold', raised, phase: 'clear', lastAtMs: 0, since: null, dueAtMs: null, seen: {} };
  },

  judge(settings, state, { message, record }) {
    if (!state || record?.type !== 'reading') return unchanged(state);
    return judgeReading(settings, state, record, message);
  },

  timer: (_, state) => lasted(state),

  /**
   * After a start, what lasts goes on lasting. After the wall clock was set it lasts its whole time from then, because
   * how long it has lasted cannot be told; a reading that was taken later than it is now hides none.
   */
  restart(settings, state, { cause, receivedAtMs }) {
    if (cause === 'start') return state;
    const lastAtMs = Math.min(state.lastAtMs, receivedAtMs);
    const dueAtMs = anew(settings, state, receivedAtMs);
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
  const { any, while: all } = settings;
  const raised = clausesAfter(any, state.raised, reading.values);
  const met = all.length === 0 ? null : clausesAfter(all, state.met ?? [], reading.values);
  if (!raised && !met) return unchanged(state);
  const next = { raised: raised ?? state.raised, met: met ?? state.met };
  const seen = seenAfter(settings, state.seen, reading.values);
  const isTrue = next.raised.includes(true) && all.every((_, index) => next.met?.[index] === true);
  const { state: moved, judgements } = move(settings, state, isTrue, now);
  const isSame = next.raised === state.raised && next.met === state.met && seen === state.seen;
  if (moved === state && isSame) return said(state, lastAtMs);
  const after: ThresholdState = { ...moved!, raised: next.raised, lastAtMs, seen };
  if (next.met) after.met = next.met;
  return { state: after, judgements };
}

/**
 * Which clauses are raised after a reading; null where it has none of their fields. Once for each message and rule: it
 * makes no more than it must, and shares what is as before.
 */
function clausesAfter(clauses: readonly Clause[], before: boolean[], values: Reading['values']): boolean[] | null {
  let after: boolean[] | null = null;
  let isMet = false;
  for (let index = 0; index < clauses.length; index += 1) {
    const one = clauses[index]!;
    const value = values.get(one.field);
    if (value === undefined) continue;
    isMet = true;
    const was = before[index] ?? false;
    const is = isRaised(one, was, value);
    if (is === was) continue;
    after ??= clauses.map((_, at) => before[at] ?? false);
    after[index] = is;
  }
  return isMet ? (after ?? before) : null;
}

function seenAfter({ any, while: all }: Threshold, before: ThresholdState['seen'], values: Reading['values']) {
  let after: ThresholdState['seen'] | null = null;
  for (const clauses of [any, all]) {
    for (const { field } of clauses) {
      const value = values.get(field);
      if (value === undefined || before[field] === value) continue;
      after ??= { ...before };
      after[field] = value;
    }
  }
  return after ?? before;
}

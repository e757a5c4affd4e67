import { z } from 'zod';
import { DAY_S } from '../../../core/clock.ts';
import { orderMs } from '../../../core/device-time.ts';
import type { FieldValue, Reading } from '../../../core/types.ts';
import { type Condition, type Misfit, type Step, said, unchanged } from './condition.ts';
import { anew, type HoldState, lasted, move, type Now } from './parts/holding.ts';
import { fieldName } from './parts/names.ts';
import { deviceOf } from './subject.ts';

const seconds = z.number().min(0).max(DAY_S);
const amount = z.number().positive();

const schema = z
  .strictObject({
    type: z.literal('rate'),
    field: fieldName,
    /** In the unit of the field. */
    rise: amount.optional(),
    fall: amount.optional(),
    /** Of the value that it fell from, per cent. */
    fall_pct: amount.max(100).optional(),
    within_s: z.number().min(1).max(DAY_S),
    hold_s: seconds.default(0),
    clear_hold_s: seconds.default(0),
  })
  .refine(({ rise, fall, fall_pct }) => [rise, fall, fall_pct].filter((one) => one !== undefined).length === 1, {
    path: ['rise'],
    message: 'give one of rise, fall and fall_pct',
  });

export type Rate = z.infer<typeof schema>;

export interface RateState extends HoldState {
  type: 'rate';
  /** Order of the newest reading judged (core/device-time.ts); an older one changes nothing. */
  lastAtMs: number;
  /** Of each part of the window: the value from which a change is counted, oldest first. */
  parts: { part: number; value: number }[];
  /** The newest value and how far it is from where it was in the window; what the alert shows. */
  seen: Record<string, FieldValue>;
}

/** The window is kept in this many parts with one value each, so it is up to one part longer than asked. */
const PARTS = 32;

/** A value rises or falls too fast: by so much within a time. */
export const rate: Condition<Rate, RateState> = {
  type: 'rate',
  hears: 'devices',
  clock: 'duration',
  byPart: true,
  schema,

  lasts: () => true,

  ages: () => 'silence',

  concerns: ({ field }, { record }) => record?.type === 'reading' && record.values.has(field),

  check({ field, rise, fall }, kind) {
    const spec = kind.fields.get(field);
    const at = (path: string, message: string): Misfit[] => [{ path: [path], message }];
    if (!spec) return at('field', `kind ${kind.kind} has no field "${field}"`);
    if (spec.type !== 'number' && spec.type !== 'integer') {
      return at('field', `${field} is ${spec.type}; only numbers rise and fall`);
    }
    const change = rise ?? fall ?? 0;
    if (change <= spec.max - spec.min) return [];
    return at(rise ? 'rise' : 'fall', `${change} is more than the whole range ${spec.min} to ${spec.max} of ${field}`);
  },

  looksAt: () => ['reading'],

  subject: (_, { message, record }) => (record?.type === 'reading' ? deviceOf(message.device) : null),

  initial: () => ({ type: 'rate', phase: 'clear', lastAtMs: 0, parts: [], since: null, dueAtMs: null, seen: {} }),

  judge(settings, state, { message, record }) {
    if (!state || record?.type !== 'reading') return unchanged(state);
    return judgeReading(settings, state, record, message);
  },

  timer: (_, state) => lasted(state),

  /** What the clock was set back over is no window any more. */
  restart(settings, state, { cause, receivedAtMs }) {
    if (cause === 'start') return state;
    const dueAtMs = anew(settings, state, receivedAtMs);
    return { ...state, lastAtMs: Math.min(state.lastAtMs, receivedAtMs), parts: [], dueAtMs };
  },

  evidence: (_, state, from) => {
    const deviceAtMs =
      from === 'timer' || from.record?.type !== 'reading' ? (state?.lastAtMs ?? null) : from.record.atMs;
    return { deviceAtMs, data: state?.seen ?? {}, plates: null };
  },
};

function judgeReading(
  settings: Rate,
  state: RateState,
  reading: Pick<Reading, 'values' | 'atMs' | 'receivedAtMs'>,
  now: Now,
): Step<RateState> {
  const atMs = orderMs(reading);
  const value = reading.values.get(settings.field);
  if (typeof value !== 'number' || atMs < state.lastAtMs) return unchanged(state);
  const partMs = (settings.within_s * 1000) / PARTS;
  const part = Math.floor(atMs / partMs);
  const parts = partsAfter(settings, state.parts, part, value);
  const from = parts.reduce((best, one) => further(settings, best, one.value), value);
  const change = value - from;
  const seen = seenAfter(settings, state.seen, value, change);
  const { state: moved, judgements } = move(settings, state, isTooFast(settings, from, change), now);
  if (moved === state && parts === state.parts && seen === state.seen) return said(state, atMs);
  return { state: { ...moved!, lastAtMs: atMs, parts, seen }, judgements };
}

/** The window with this value; the same where it says nothing new of its part and no part is over. */
function partsAfter(settings: Rate, parts: RateState['parts'], part: number, value: number): RateState['parts'] {
  const newest = parts.at(-1);
  const isOfNewest = newest?.part === part && further(settings, newest.value, value) === newest.value;
  if (isOfNewest && parts[0]!.part >= part - PARTS) return parts;
  const kept = parts.filter((one) => one.part >= part - PARTS);
  return [...kept.filter((one) => one.part !== part), { part, value: furthestOf(settings, kept, part, value) }];
}

/** What the alert shows; the same where that is the same. */
function seenAfter({ field, within_s }: Rate, before: RateState['seen'], value: number, by: number): RateState['seen'] {
  const change = by === 0 ? 0 : Number(by.toPrecision(12));
  if (before[field] === value && before.change === change && before.within_s === within_s) return before;
  return { [field]: value, change, within_s };
}

/** Of two values, the one from which a change is the larger: the lower for a rise, the higher for a fall. */
function further({ rise }: Rate, one: number, other: number): number {
  return rise === undefined ? Math.max(one, other) : Math.min(one, other);
}

function furthestOf(settings: Rate, kept: RateState['parts'], part: number, value: number): number {
  const before = kept.find((one) => one.part === part);
  return before ? further(settings, before.value, value) : value;
}

function isTooFast({ rise, fall, fall_pct }: Rate, from: number, change: number): boolean {
  if (rise !== undefined) return change > rise;
  if (fall !== undefined) return -change > fall;
  return from > 0 && -change > (from * fall_pct!) / 100;
}

import { z } from 'zod';
import { orderMs } from '../../../core/device-time.ts';
import type { FieldValue } from '../../../core/types.ts';
import { type Condition, type ConditionState, positionOf, said, unchanged as same } from './condition.ts';
import { fieldName } from './parts/names.ts';
import { deviceOf } from './subject.ts';

const schema = z.strictObject({
  type: z.literal('unchanged'),
  field: fieldName,
  for_s: z.number().min(60).max(2_592_000),
});

export type Unchanged = z.infer<typeof schema>;

export interface UnchangedState extends ConditionState {
  type: 'unchanged';
  phase: 'clear' | 'active';
  /** The newest value; null before the first. */
  value: FieldValue | null;
  /** Order (core/device-time.ts) of the first reading in a row that has it, and of the newest judged. */
  sinceAtMs: number;
  lastAtMs: number;
}

/** A value that should move stays exactly the same, reading for reading. Silence says nothing of it. */
export const unchanged: Condition<Unchanged, UnchangedState> = {
  type: 'unchanged',
  hears: 'devices',
  clock: 'duration',
  byPart: true,
  schema,

  lasts: () => true,

  ages: () => 'silence',

  concerns: ({ field }, { record }) => record?.type === 'reading' && record.values.has(field),

  check({ field }, kind) {
    const spec = kind.fields.get(field);
    if (!spec) return [{ path: ['field'], message: `kind ${kind.kind} has no field "${field}"` }];
    if (spec.type !== 'text' || !spec.sensitive) return [];
    return [{ path: ['field'], message: `${field} is sensitive and is not remembered` }];
  },

  looksAt: () => ['reading'],

  subject: (_, { message, record }) => (record?.type === 'reading' ? deviceOf(message.device) : null),

  initial: () => {
    return { type: 'unchanged', phase: 'clear', value: null, sinceAtMs: 0, lastAtMs: 0, since: null, dueAtMs: null };
  },

  judge({ field, for_s }, state, { message, record }) {
    if (!state || record?.type !== 'reading') return same(state);
    const value = record.values.get(field);
    const atMs = orderMs(record);
    if (value === undefined || atMs < state.lastAtMs) return same(state);
    const position = positionOf(message);
    if (value !== state.value) {
      const next: UnchangedState = { ...state, phase: 'clear', value, sinceAtMs: atMs, lastAtMs: atMs };
      return { state: next, judgements: state.phase === 'active' ? [{ transition: 'cleared', position }] : [] };
    }
    const isLong = atMs - state.sinceAtMs >= for_s * 1000;
    const fires = isLong && state.phase === 'clear';
    if (!fires) return said(state, atMs);
    return {
      state: { ...state, lastAtMs: atMs, phase: 'active' },
      judgements: [{ transition: 'fired', position }],
    };
  },

  timer: (_, state) => same(state),

  restart(_, state, { cause, receivedAtMs }) {
    if (cause === 'start' || state.lastAtMs <= receivedAtMs) return state;
    return { ...state, sinceAtMs: receivedAtMs, lastAtMs: receivedAtMs };
  },

  evidence({ field, for_s }, state, from) {
    const deviceAtMs = from === 'timer' ? null : (from.record?.atMs ?? null);
    return { deviceAtMs, data: { [field]: state?.value ?? null, for_s }, plates: null };
  },
};

import { z } from 'zod';
import { orderMs } from '../../../core/device-time.ts';
import type { FieldValue } from '../../../core/types.ts';
import { type Condition, type ConditionState, positionOf, type Transition, unchanged } from './condition.ts';
import { fieldName } from './parts/names.ts';
import { deviceOf } from './subject.ts';

const value = z.union([z.string().max(256), z.number(), z.boolean()]);
const values = z.array(value).min(1).max(64);

const schema = z.strictObject({
  type: z.literal('change'),
  field: fieldName,
  from: values.optional(),
  to: values.optional(),
});

export type Change = z.infer<typeof schema>;

export interface ChangeState extends ConditionState {
  type: 'change';
  phase: 'clear' | 'active';
  /** The newest value, and the one before it that differed; null before the first. */
  value: FieldValue | null;
  before: FieldValue | null;
  /** Order of the newest reading judged (core/device-time.ts). */
  lastAtMs: number;
}

/**
 * A value becomes another one. With `to` it is over when the value is none of those; without, nothing clears it. What a
 * device says first is no change.
 */
export const change: Condition<Change, ChangeState> = {
  type: 'change',
  hears: 'devices',
  clock: 'duration',
  byPart: true,
  schema,

  lasts: ({ to }) => to !== undefined,

  ages: ({ to }) => (to === undefined ? 'unended' : 'silence'),

  concerns: ({ field }, { record }) => record?.type === 'reading' && record.values.has(field),

  check({ field, from = [], to = [] }, kind) {
    const spec = kind.fields.get(field);
    if (!spec) return [{ path: ['field'], message: `kind ${kind.kind} has no field "${field}"` }];
    if (spec.type === 'number') {
      return [{ path: ['field'], message: `${field} is a number that always moves; use threshold or rate` }];
    }
    if (spec.type === 'text' && spec.sensitive) {
      return [{ path: ['field'], message: `${field} is sensitive and is not remembered; use event with a watchlist` }];
    }
    if (spec.type !== 'enum') return [];
    return [...from, ...to]
      .filter((one) => !spec.values.includes(String(one)))
      .map((one) => ({ path: ['field'], message: `${JSON.stringify(one)} is no value of ${field}` }));
  },

  looksAt: () => ['reading'],

  subject: (_, { message, record }) => (record?.type === 'reading' ? deviceOf(message.device) : null),

  initial: () => {
    return { type: 'change', phase: 'clear', value: null, before: null, lastAtMs: 0, since: null, dueAtMs: null };
  },

  judge(settings, state, { message, record }) {
    if (!state || record?.type !== 'reading') return unchanged(state);
    const now = record.values.get(settings.field);
    const lastAtMs = orderMs(record);
    if (now === undefined || lastAtMs < state.lastAtMs || now === state.value) return unchanged(state);
    const before = state.value;
    const isIn = settings.to === undefined || settings.to.includes(now);
    const fires = before !== null && isIn && (settings.from === undefined || settings.from.includes(before));
    // Without `to` each change is news of its own.
    const stays = settings.to !== undefined && isIn && (fires || state.phase === 'active');
    const told: Transition | null =
      fires && !(stays && state.phase === 'active') ? 'fired' : state.phase === 'active' && !stays ? 'cleared' : null;
    return {
      state: { ...state, value: now, before, lastAtMs, phase: stays ? 'active' : 'clear' },
      judgements: told === null ? [] : [{ transition: told, position: positionOf(message) }],
    };
  },

  timer: (_, state) => unchanged(state),

  restart: (_, state, { cause, receivedAtMs }) =>
    cause === 'start' || state.lastAtMs <= receivedAtMs ? state : { ...state, lastAtMs: receivedAtMs },

  evidence({ field }, state, from) {
    const deviceAtMs = from === 'timer' ? null : (from.record?.atMs ?? null);
    return { deviceAtMs, data: { [field]: state?.value ?? null, before: state?.before ?? null }, plates: null };
  },
};

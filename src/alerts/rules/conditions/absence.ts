import { z } from 'zod';
import type { JournalPosition } from '../../../core/types.ts';
import { type Condition, type ConditionState, positionOf, unchanged } from './condition.ts';
import { deviceOf } from './subject.ts';

const schema = z.strictObject({
  type: z.literal('absence'),
  silent_for_s: z.number().min(1).max(604_800),
});

export type Absence = z.infer<typeof schema>;

export interface AbsenceState extends ConditionState {
  type: 'absence';
  phase: 'present' | 'absent';
  since: JournalPosition;
}

/** A device is silent. One that was never heard of is not: its first sign of life begins a clock. */
export const absence: Condition<Absence, AbsenceState> = {
  type: 'absence',
  hears: 'devices',
  clock: 'silence',
  schema,

  lasts: () => true,

  check: () => [],

  subject: (_, { message, record }) => (record === null ? deviceOf(message.device) : null),

  initial: () => null,

  judge(settings, state, { message, sign }) {
    if (sign === 'none') return unchanged(state);
    const position = positionOf(message);
    return {
      state: present(settings, position, message.receivedAtMs),
      judgements: state?.phase === 'absent' ? [{ transition: 'cleared', position }] : [],
    };
  },

  timer(_, state) {
    if (state.phase !== 'present') return unchanged(state);
    return {
      state: { ...state, phase: 'absent', dueAtMs: null },
      judgements: [{ transition: 'fired', position: state.since }],
    };
  },

  /** While the gateway was down nobody could be heard: silence counts from the restart. */
  restart: (settings, state, { position, receivedAtMs }) =>
    state.phase === 'present' ? present(settings, position, receivedAtMs) : state,

  /** Of silence no device tells the time. */
  evidence: ({ silent_for_s }, _, from) => {
    return { deviceAtMs: null, data: from === 'timer' ? { silent_for_s } : {}, plates: null };
  },
};

function present({ silent_for_s }: Absence, since: JournalPosition, receivedAtMs: number): AbsenceState {
  return { type: 'absence', phase: 'present', since, dueAtMs: receivedAtMs + silent_for_s * 1000 };
}

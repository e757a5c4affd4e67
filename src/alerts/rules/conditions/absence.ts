import { z } from 'zod';
import type { DecodedRecord, JournalPosition } from '../../../core/types.ts';
import { type Condition, type ConditionState, type Input, positionOf, unchanged } from './condition.ts';
import { clause, clauseMisfits, isRaised } from './parts/clauses.ts';
import { fieldName } from './parts/names.ts';
import { deviceOf } from './subject.ts';

const value = z.union([z.string(), z.number(), z.boolean()]);

const schema = z.strictObject({
  type: z.literal('absence'),
  silent_for_s: z.number().min(1).max(604_800),
  /** Only readings with these values are a sign; any sign of life where it is absent. */
  of: z.record(fieldName, value).optional(),
  /** Only while these were true when it was heard last. */
  while: z.array(clause).max(8).default([]),
});

export type Absence = z.infer<typeof schema>;

export interface AbsenceState extends ConditionState {
  type: 'absence';
  phase: 'present' | 'absent';
  since: JournalPosition;
  /** Of each clause of `while` whether it is true; absent where there is none. */
  met?: boolean[];
}

/** A device is silent. One that was never heard of is not: its first sign of life begins a clock. */
export const absence: Condition<Absence, AbsenceState> = {
  type: 'absence',
  hears: 'devices',
  clock: 'silence',
  schema,

  lasts: () => true,

  check({ of = {}, while: all }, kind) {
    const unknown = Object.keys(of).filter((field) => !kind.fields.has(field));
    return [
      ...unknown.map((field) => ({ path: ['of', field], message: `kind ${kind.kind} has no field "${field}"` })),
      ...all.flatMap((one, index) => clauseMisfits(one, kind, ['while', index])),
    ];
  },

  looksAt({ of, while: all }) {
    if (of) return ['reading'];
    return all.length > 0 ? ['message', 'reading'] : ['message'];
  },

  subject: ({ of, while: all }, { message, record }) => {
    const isLookedAt = of ? isOf(of, record) : record === null || (all.length > 0 && record.type === 'reading');
    return isLookedAt ? deviceOf(message.device) : null;
  },

  initial: () => null,

  judge(settings, state, input) {
    const { message, record } = input;
    const met = settings.while.length === 0 ? undefined : metAfter(settings, state?.met ?? [], record);
    const isSign = settings.of ? message.lane === 'live' : record === null && input.sign !== 'none';
    const position = positionOf(message);
    if (!isSign) {
      if (!state || !met || met === state.met) return unchanged(state);
      return { state: { ...state, met }, judgements: [] };
    }
    return {
      state: { ...present(settings, position, message.receivedAtMs), ...(met && { met }) },
      judgements: state?.phase === 'absent' ? [{ transition: 'cleared', position }] : [],
    };
  },

  timer(settings, state) {
    if (state.phase !== 'present') return unchanged(state);
    if (!settings.while.every((_, index) => state.met?.[index] === true)) {
      return unchanged({ ...state, dueAtMs: null });
    }
    return {
      state: { ...state, phase: 'absent', dueAtMs: null },
      judgements: [{ transition: 'fired', position: state.since }],
    };
  },

  /** While the gateway was down nobody could be heard: silence counts from the restart. */
  restart: (settings, state, { position, receivedAtMs }) =>
    state.phase === 'present' ? { ...state, ...present(settings, position, receivedAtMs) } : state,

  /** Of silence no device tells the time. */
  evidence: ({ silent_for_s }, _, from) => {
    return { deviceAtMs: null, data: from === 'timer' ? { silent_for_s } : {}, plates: null };
  },
};

function present({ silent_for_s }: Absence, since: JournalPosition, receivedAtMs: number): AbsenceState {
  return { type: 'absence', phase: 'present', since, dueAtMs: receivedAtMs + silent_for_s * 1000 };
}

function isOf(of: NonNullable<Absence['of']>, record: DecodedRecord | null): boolean {
  return record?.type === 'reading' && Object.entries(of).every(([field, one]) => record.values.get(field) === one);
}

/** The same list where nothing changed. */
function metAfter({ while: all }: Absence, before: boolean[], record: Input['record']): boolean[] {
  if (record?.type !== 'reading') return before;
  const after = all.map((one, index) => {
    const was = before[index] ?? false;
    const now = record.values.get(one.field);
    return now === undefined ? was : isRaised(one, was, now);
  });
  return after.every((one, index) => one === before[index]) ? before : after;
}

import { z } from 'zod';
import { DAY_S } from '../../../core/clock.ts';
import { orderMs } from '../../../core/device-time.ts';
import type { FieldValue, Reading } from '../../../core/types.ts';
import { type Condition, type Misfit, type Step, said, unchanged } from './condition.ts';
import { anew, type HoldState, lasted, move, type Now } from './parts/holding.ts';
import { fieldName } from './parts/names.ts';
import { deviceOf } from './subject.ts';

const seconds = z.number().min(0).max(DAY_S);

const schema = z
  .strictObject({
    type: z.literal('differs'),
    field: fieldName,
    /** What it should be the same as. */
    from_field: fieldName,
    hold_s: seconds.default(0),
    clear_hold_s: seconds.default(0),
  })
  .refine(({ field, from_field }) => field !== from_field, {
    path: ['from_field'],
    message: 'is the same field: name the one that it is compared with',
  });

export type Differs = z.infer<typeof schema>;

export interface DiffersState extends HoldState {
  type: 'differs';
  /** Order of the newest reading judged (core/device-time.ts); an older one changes nothing. */
  lastAtMs: number;
  /** Newest value of each of the two; what the alert shows. */
  seen: Record<string, FieldValue>;
}

/** Two values of a device that should be the same are not: what it shows, and what it was told to show. */
export const differs: Condition<Differs, DiffersState> = {
  type: 'differs',
  hears: 'devices',
  clock: 'duration',
  byPart: true,
  schema,

  lasts: () => true,

  ages: () => 'silence',

  concerns: ({ field, from_field }, { record }) =>
    record?.type === 'reading' && (record.values.has(field) || record.values.has(from_field)),

  check({ field, from_field }, kind) {
    const [spec, other] = [kind.fields.get(field), kind.fields.get(from_field)];
    const at = (path: string, message: string): Misfit[] => [{ path: [path], message }];
    if (!spec) return at('field', `kind ${kind.kind} has no field "${field}"`);
    if (!other) return at('from_field', `kind ${kind.kind} has no field "${from_field}"`);
    for (const [path, one] of [['field', spec] as const, ['from_field', other] as const]) {
      // Numbers are rarely the same to the last digit, and a plate stands in no evidence.
      if (one.type === 'number') return at(path, 'is a number with decimals: no two are the same');
      if (one.type === 'text' && one.sensitive === 'plate') return at(path, 'is a plate');
    }
    return spec.type === other.type ? [] : at('from_field', `is ${other.type}, and ${field} is ${spec.type}`);
  },

  looksAt: () => ['reading'],

  subject: (_, { message, record }) => (record?.type === 'reading' ? deviceOf(message.device) : null),

  initial: () => ({ type: 'differs', phase: 'clear', since: null, dueAtMs: null, lastAtMs: 0, seen: {} }),

  judge(settings, state, { message, record }) {
    if (!state || record?.type !== 'reading') return unchanged(state);
    return judgeReading(settings, state, record, message);
  },

  timer: (_, state) => lasted(state),

  restart(settings, state, { cause, receivedAtMs }) {
    if (cause === 'start') return state;
    const lastAtMs = Math.min(state.lastAtMs, receivedAtMs);
    return { ...state, lastAtMs, dueAtMs: anew(settings, state, receivedAtMs) };
  },

  evidence(_, state, from) {
    const deviceAtMs = from === 'timer' ? (state?.lastAtMs ?? null) : (from.record?.atMs ?? null);
    return { deviceAtMs, data: state?.seen ?? {}, plates: null };
  },
};

function judgeReading(
  settings: Differs,
  state: DiffersState,
  reading: Pick<Reading, 'values' | 'atMs' | 'receivedAtMs'>,
  now: Now,
): Step<DiffersState> {
  const lastAtMs = orderMs(reading);
  if (lastAtMs < state.lastAtMs) return unchanged(state);
  const { field, from_field } = settings;
  const one = reading.values.get(field);
  const other = reading.values.get(from_field);
  if (one === undefined && other === undefined) return unchanged(state);
  const seen = withValue(withValue(state.seen, field, one), from_field, other);
  // Until both were told nobody knows.
  const isOther = seen[field] !== undefined && seen[from_field] !== undefined && seen[field] !== seen[from_field];
  const { state: moved, judgements } = move(settings, state, isOther, now);
  if (moved === state && seen === state.seen) return said(state, lastAtMs);
  return { state: { ...moved!, lastAtMs, seen }, judgements };
}

/** The same where the value is the same. */
function withValue(seen: DiffersState['seen'], name: string, value: FieldValue | undefined): DiffersState['seen'] {
  return value === undefined || seen[name] === value ? seen : { ...seen, [name]: value };
}

import { z } from 'zod';
import { DAY_S } from '../../../core/clock.ts';
import { orderMs } from '../../../core/device-time.ts';
import type { DecodedRecord, Reading } from '../../../core/types.ts';
import { type Condition, type ConditionState, positionOf, type Step, unchanged } from './condition.ts';
import { clause, clauseMisfits, isRaised } from './parts/clauses.ts';
import type { Now } from './parts/holding.ts';
import { fieldName } from './parts/names.ts';
import { isOverShare, shareLimits, sharesFit, WRONG_SHARES } from './parts/shares.ts';
import { deviceOf } from './subject.ts';

const value = z.union([z.string(), z.number(), z.boolean()]);

const schema = z
  .strictObject({
    type: z.literal('share-of-readings'),
    /** A reading counts where one of these is true of it. */
    any: z.array(clause).min(1).max(16),
    /** Only readings with these values are looked at. */
    of: z.record(fieldName, value).optional(),
    ...shareLimits,
    /** With fewer in the window it does not fire. */
    at_least: z.number().int().min(2).max(100_000),
    within_s: z
      .number()
      .min(60)
      .max(7 * DAY_S),
  })
  .refine(sharesFit, WRONG_SHARES);

export type ShareOfReadings = z.infer<typeof schema>;

export interface ShareOfReadingsState extends ConditionState {
  type: 'share-of-readings';
  phase: 'clear' | 'active';
  /** Order of the newest reading judged (core/device-time.ts); an older one changes nothing. */
  lastAtMs: number;
  /** Of each part of the window how many readings, and how many of them show it; oldest first. */
  parts: { part: number; all: number; shown: number }[];
}

/** The window is kept in this many parts, so it is up to one part longer than asked. */
const PARTS = 32;

/** Of what a device told within a time, more than a share shows something: a flag, a fault, an empty value. */
export const shareOfReadings: Condition<ShareOfReadings, ShareOfReadingsState> = {
  type: 'share-of-readings',
  hears: 'devices',
  clock: 'duration',
  byPart: true,
  schema,

  lasts: () => true,

  ages: () => 'silence',

  concerns: (settings, { record }) => isLookedAt(settings, record),

  check({ any, of = {} }, kind) {
    const unknown = Object.keys(of).filter((field) => !kind.fields.has(field));
    return [
      ...any.flatMap((one, index) => clauseMisfits(one, kind, ['any', index])),
      ...unknown.map((field) => ({ path: ['of', field], message: `kind ${kind.kind} has no field "${field}"` })),
    ];
  },

  looksAt: () => ['reading'],

  subject: (settings, { message, record }) => (isLookedAt(settings, record) ? deviceOf(message.device) : null),

  initial: () => ({
    type: 'share-of-readings',
    phase: 'clear',
    since: null,
    dueAtMs: null,
    lastAtMs: 0,
    parts: [],
  }),

  judge(settings, state, { message, record }) {
    if (!state || !isLookedAt(settings, record)) return unchanged(state);
    return judgeReading(settings, state, record, message);
  },

  /** Runs no clock: without a reading the share stays as it is. */
  timer: (_, state) => unchanged(state),

  /** What the clock was set back over is no window any more. */
  restart(_, state, { cause, receivedAtMs }) {
    if (cause === 'start') return state;
    return { ...state, lastAtMs: Math.min(state.lastAtMs, receivedAtMs), parts: [] };
  },

  evidence({ within_s }, state, from) {
    const { all, shown } = sums(state?.parts ?? []);
    const share_pct = all === 0 ? 0 : Math.round((1000 * shown) / all) / 10;
    const deviceAtMs = from === 'timer' ? (state?.lastAtMs ?? null) : (from.record?.atMs ?? null);
    return { deviceAtMs, data: { share_pct, readings: all, within_s }, plates: null };
  },
};

function isLookedAt({ any, of = {} }: ShareOfReadings, record: DecodedRecord | null): record is Reading {
  if (record?.type !== 'reading' || !any.some(({ field }) => record.values.has(field))) return false;
  return Object.entries(of).every(([field, one]) => record.values.get(field) === one);
}

function judgeReading(
  settings: ShareOfReadings,
  state: ShareOfReadingsState,
  reading: Pick<Reading, 'values' | 'atMs' | 'receivedAtMs'>,
  message: Now,
): Step<ShareOfReadingsState> {
  const lastAtMs = orderMs(reading);
  if (lastAtMs < state.lastAtMs) return unchanged(state);
  const part = Math.floor(lastAtMs / ((settings.within_s * 1000) / PARTS));
  const kept = state.parts.filter((one) => one.part > part - PARTS);
  const now = kept.find((one) => one.part === part) ?? { part, all: 0, shown: 0 };
  const shows = settings.any.some((one) => {
    const value = reading.values.get(one.field);
    return value !== undefined && isRaised(one, false, value);
  });
  const counted = { part, all: now.all + 1, shown: now.shown + (shows ? 1 : 0) };
  const parts = [...kept.filter((one) => one.part !== part), counted];
  const wasOver = state.phase === 'active';
  const { all, shown } = sums(parts);
  const isOver = (wasOver || all >= settings.at_least) && isOverShare(settings, wasOver, shown / all);
  const next: ShareOfReadingsState = { ...state, lastAtMs, parts, phase: isOver ? 'active' : 'clear' };
  if (isOver === wasOver) return { state: next, judgements: [] };
  return { state: next, judgements: [{ transition: isOver ? 'fired' : 'cleared', position: positionOf(message) }] };
}

function sums(parts: ShareOfReadingsState['parts']): { all: number; shown: number } {
  return parts.reduce(({ all, shown }, one) => ({ all: all + one.all, shown: shown + one.shown }), {
    all: 0,
    shown: 0,
  });
}

import { z } from 'zod';
import { WorkDays } from '../../../core/calendar/work-days.ts';
import { DAY_S, HOUR_MS } from '../../../core/clock.ts';
import type { JournalPosition } from '../../../core/types.ts';
import { type Condition, type ConditionState, type Input, positionOf, type Step, unchanged } from './condition.ts';
import { deviceEvent, eventMisfits, isEvent } from './event.ts';
import { counted, type Hours, startOfHour, usual } from './parts/hours.ts';
import { fieldName } from './parts/names.ts';
import { deviceOf } from './subject.ts';

const schema = z
  .strictObject({
    type: z.literal('volume'),
    /** What is counted; readings where it is absent. */
    event: fieldName.optional(),
    where: deviceEvent.where,
    /** Only hours in which more came on like days. */
    more_than: z.number().int().min(0).max(1_000_000),
    /** None came for so long. */
    quiet_s: z.number().min(60).max(DAY_S).optional(),
    /** In a whole hour, fewer came than this share of what is usual. */
    below_pct: z.number().min(1).max(99).optional(),
    /** So many like days are looked at. */
    days: z.number().int().min(1).max(8).default(4),
    /** An hour counts only where the device was never silent for longer. */
    heard_within_s: z.number().min(60).max(7_200).default(900),
  })
  .refine(({ quiet_s, below_pct }) => (quiet_s === undefined) !== (below_pct === undefined), {
    path: ['quiet_s'],
    message: 'give one of quiet_s and below_pct',
  });

export type Volume = z.infer<typeof schema>;

export interface VolumeState extends ConditionState {
  type: 'volume';
  phase: 'clear' | 'active';
  /** The hour that is being counted, by when it begins (Unix ms), and what came in it. */
  hourAtMs: number;
  count: number;
  /** Whether the device was heard all through it so far. */
  isWhole: boolean;
  /** When it was heard last, and since when nothing that is counted came; Unix ms of receipt. */
  heardAtMs: number;
  quietFromMs: number;
  hours: Hours;
}

/** Fewer come than usual in the same hour of like days. A day or hour of which too little is known is passed over. */
export const volume: Condition<Volume, VolumeState> = on(WorkDays.WEEKENDS);

function on(workDays: WorkDays): Condition<Volume, VolumeState> {
  return {
    type: 'volume',
    hears: 'devices',
    clock: 'duration',
    schema,
    on: (others) => on(others) as unknown as Condition,

    lasts: () => true,

    check: ({ event, where }, kind) => (event === undefined ? [] : eventMisfits({ event, where }, kind)),

    looksAt: ({ event }) => ['message', event === undefined ? 'reading' : 'event'],

    subject: (settings, input) =>
      input.message.lane === 'live' && (input.record === null || isCounted(settings, input))
        ? deviceOf(input.message.device)
        : null,

    initial: () => null,

    judge(settings, state, input) {
      const { message, record, sign } = input;
      const nowMs = message.receivedAtMs;
      const position = positionOf(message);
      if (record) {
        if (!state) return unchanged<VolumeState>(state);
        const next: VolumeState = { ...state, count: state.count + 1, ...quietFrom(settings, nowMs, position) };
        return settings.quiet_s === undefined ? { state: next, judgements: [] } : over(state, next, position);
      }
      if (sign === 'none') return unchanged<VolumeState>(state);
      return heard(settings, state, { nowMs, position, workDays });
    },

    timer: (settings, state) => ranOut(settings, state, workDays),

    restart: (settings, state, { position, receivedAtMs }) =>
      state.dueAtMs === null ? state : { ...state, ...quietFrom(settings, receivedAtMs, position) },

    evidence({ event, quiet_s, days }, state, from) {
      const atMs = from === 'timer' ? (state?.dueAtMs ?? 0) : from.message.receivedAtMs;
      const expected = state && usual(state.hours, atMs, { workDays, days });
      const data = { what: event ?? 'readings', expected_per_hour: expected, quiet_s: quiet_s ?? null };
      return { deviceAtMs: null, data, plates: null };
    },
  };
}

interface Now {
  nowMs: number;
  position: JournalPosition;
  workDays: WorkDays;
}

function isCounted({ event, where }: Volume, { record }: Input): boolean {
  return event === undefined ? record?.type === 'reading' : isEvent({ event, where }, record);
}

/** From now on it is quiet, until something comes. */
function quietFrom({ quiet_s }: Volume, nowMs: number, since: JournalPosition) {
  return { quietFromMs: nowMs, since, dueAtMs: quiet_s === undefined ? null : nowMs + quiet_s * 1000 };
}

function over(before: VolumeState, next: VolumeState, position: JournalPosition): Step<VolumeState> {
  if (before.phase === 'clear') return { state: next, judgements: [] };
  return { state: { ...next, phase: 'clear' }, judgements: [{ transition: 'cleared', position }] };
}

/** A sign of life: the hours that ended are written down, as far as they are known. */
function heard(settings: Volume, state: VolumeState | null, now: Now): Step<VolumeState> {
  const { nowMs, position } = now;
  const hourAtMs = startOfHour(nowMs);
  if (!state) {
    const first: VolumeState = {
      type: 'volume',
      phase: 'clear',
      hourAtMs,
      count: 0,
      isWhole: false,
      heardAtMs: nowMs,
      hours: {},
      ...quietFrom(settings, nowMs, position),
    };
    return { state: first, judgements: [] };
  }
  const wasAway = nowMs < state.heardAtMs || nowMs - state.heardAtMs > settings.heard_within_s * 1000;
  const again = wasAway || state.dueAtMs === null ? quietFrom(settings, nowMs, position) : {};
  // What is told goes on until something comes.
  const clock = state.phase === 'active' ? {} : again;
  if (hourAtMs === state.hourAtMs) {
    return { state: { ...state, ...clock, heardAtMs: nowMs, isWhole: state.isWhole && !wasAway }, judgements: [] };
  }
  const count = state.isWhole && !wasAway ? state.count : null;
  const isNext = hourAtMs === state.hourAtMs + HOUR_MS;
  const hours = hourAtMs > state.hourAtMs ? counted(state.hours, state.hourAtMs, count) : state.hours;
  const next = { ...state, ...clock, heardAtMs: nowMs, hourAtMs, count: 0, isWhole: isNext && !wasAway, hours };
  return settings.below_pct === undefined || count === null
    ? { state: next, judgements: [] }
    : compared(settings, { ended: state, next, count }, now);
}

/** Whether fewer came in a whole hour than is usual. */
function compared(
  { below_pct, more_than, days }: Volume,
  { ended, next, count }: { ended: VolumeState; next: VolumeState; count: number },
  { position, workDays }: Now,
): Step<VolumeState> {
  const expected = usual(ended.hours, ended.hourAtMs, { workDays, days });
  const isFew = expected !== null && expected > more_than && count < (expected * below_pct!) / 100;
  if (!isFew) return over(ended, next, position);
  if (ended.phase === 'active') return { state: next, judgements: [] };
  return { state: { ...next, phase: 'active', since: position }, judgements: [{ transition: 'fired', position }] };
}

/** It was quiet for long: that counts in hours in which it should not be, and while the device is there. */
function ranOut(settings: Volume, state: VolumeState, workDays: WorkDays): Step<VolumeState> {
  const { quiet_s, heard_within_s, more_than, days } = settings;
  const { dueAtMs, since } = state;
  if (state.phase === 'active' || quiet_s === undefined || dueAtMs === null || since === null) return unchanged(state);
  const isBusy = (atMs: number): boolean => (usual(state.hours, atMs, { workDays, days }) ?? 0) > more_than;
  if (dueAtMs - state.heardAtMs > heard_within_s * 1000) return unchanged({ ...state, dueAtMs: null });
  const hourAtMs = startOfHour(dueAtMs);
  const quietMs = quiet_s * 1000;
  if (!isBusy(dueAtMs)) return unchanged({ ...state, dueAtMs: hourAtMs + HOUR_MS + quietMs });
  const countsFromMs = isBusy(hourAtMs - HOUR_MS) ? state.quietFromMs : Math.max(state.quietFromMs, hourAtMs);
  if (dueAtMs - countsFromMs < quietMs) return unchanged({ ...state, dueAtMs: countsFromMs + quietMs });
  return {
    state: { ...state, phase: 'active', dueAtMs: null },
    judgements: [{ transition: 'fired', position: since }],
  };
}

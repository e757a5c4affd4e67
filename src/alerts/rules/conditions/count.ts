import { z } from 'zod';
import { DAY_S } from '../../../core/clock.ts';
import { orderMs } from '../../../core/device-time.ts';
import { type Condition, type ConditionState, positionOf, unchanged } from './condition.ts';
import { deviceEvent, eventMisfits, isEvent } from './event.ts';
import { deviceOf } from './subject.ts';

const schema = z.strictObject({
  type: z.literal('count'),
  ...deviceEvent,
  at_least: z.number().int().min(2).max(1_000),
  within_s: z.number().min(1).max(DAY_S),
});

export type Count = z.infer<typeof schema>;

export interface CountState extends ConditionState {
  type: 'count';
  phase: 'clear' | 'active';
  /** Times of the newest events, Unix ms in the order of core/device-time.ts; at most `at_least`, oldest first. */
  times: number[];
}

/** A device tells an event so many times within a time. It is over once it was quiet for as long. */
export const count: Condition<Count, CountState> = {
  type: 'count',
  hears: 'devices',
  clock: 'duration',
  byPart: true,
  schema,

  lasts: () => true,

  check: (settings, kind) => eventMisfits(settings, kind),

  looksAt: () => ['event'],

  subject: (settings, { message, record }) => (isEvent(settings, record) ? deviceOf(message.device) : null),

  initial: () => ({ type: 'count', phase: 'clear', times: [], since: null, dueAtMs: null }),

  judge(settings, state, { message, record }) {
    if (!state || !isEvent(settings, record)) return unchanged(state);
    const windowMs = settings.within_s * 1000;
    const atMs = orderMs(record);
    const newest = Math.max(atMs, state.times.at(-1) ?? atMs);
    if (atMs <= newest - windowMs) return unchanged(state);
    const all = [...state.times, atMs].sort((a, b) => a - b);
    const times = all.filter((one) => one > newest - windowMs).slice(-settings.at_least);
    const isActive = state.phase === 'active' || times.length >= settings.at_least;
    const next: CountState = { ...state, times, phase: isActive ? 'active' : 'clear' };
    if (!isActive) return { state: next, judgements: [] };
    const position = positionOf(message);
    return {
      state: { ...next, since: position, dueAtMs: message.receivedAtMs + windowMs },
      judgements: state.phase === 'active' ? [] : [{ transition: 'fired', position }],
    };
  },

  timer(_, state) {
    if (state.phase !== 'active' || !state.since) return unchanged(state);
    return {
      state: { ...state, phase: 'clear', times: [], since: null, dueAtMs: null },
      judgements: [{ transition: 'cleared', position: state.since }],
    };
  },

  /** A clock that was set hides no event: those that seem to come later than now are let go. */
  restart(settings, state, { cause, receivedAtMs }) {
    if (cause === 'start') return state;
    const dueAtMs = state.dueAtMs === null ? null : receivedAtMs + settings.within_s * 1000;
    return { ...state, times: state.times.filter((one) => one <= receivedAtMs), dueAtMs };
  },

  evidence({ event, within_s }, state, from) {
    const deviceAtMs = from === 'timer' ? null : (from.record?.atMs ?? null);
    return { deviceAtMs, data: { event, times: state?.times.length ?? 0, within_s }, plates: null };
  },
};

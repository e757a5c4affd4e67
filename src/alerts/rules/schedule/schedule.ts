import { z } from 'zod';
import { type WorkDays, weekdayOf } from '../../../core/calendar/work-days.ts';
import { chinaDayAt, DAY_MS, MINUTE_MS, startOfChinaDay } from '../../../core/clock.ts';

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'write a time as 08:30');

/** When a rule may raise something: in one of some windows, in the time of China. */
export const scheduleSchema = z
  .array(
    z.strictObject({
      days: z.union([z.enum(['all', 'workdays', 'days-off']), z.array(z.enum(WEEKDAYS)).min(1).max(7)]).default('all'),
      from: time,
      /** At or before `from`: on the next day. */
      to: time,
    }),
  )
  .min(1)
  .max(16);

export type Schedule = z.infer<typeof scheduleSchema>;
type Window = Schedule[number];

/** The longest row of days on which nothing opens that is looked through, days; Golden Weeks are shorter. */
const DAYS_AHEAD = 62;

/** Whether one of the windows is open at a moment, Unix ms. */
export function isOpen(schedule: Schedule, workDays: WorkDays, atMs: number): boolean {
  const today = startOfChinaDay(chinaDayAt(atMs));
  return [today, today - DAY_MS].some((dayMs) => {
    const meant = daysMeant(workDays, dayMs);
    return schedule.some((window) => {
      const { fromMs, toMs } = on(window, dayMs);
      return fromMs <= atMs && atMs < toMs && meant(window.days);
    });
  });
}

/** When one opens next, later than `atMs`; null where none does within two months. */
export function nextOpening(schedule: Schedule, workDays: WorkDays, atMs: number): number | null {
  const today = startOfChinaDay(chinaDayAt(atMs));
  for (let days = 0; days <= DAYS_AHEAD; days += 1) {
    const next = windowsOf(schedule, workDays, today + days * DAY_MS).find(({ fromMs }) => fromMs > atMs);
    if (next) return next.fromMs;
  }
  return null;
}

/**
 * When it opens, if it is closed, or closes, if it is open: later than `atMs`; null where it does not within two
 * months.
 */
export function nextTurn(schedule: Schedule, workDays: WorkDays, atMs: number): number | null {
  const untilMs = atMs + DAYS_AHEAD * DAY_MS;
  for (const { fromMs, toMs } of runs(schedule, workDays, atMs, untilMs)) {
    if (toMs <= atMs) continue;
    const turnMs = fromMs > atMs ? fromMs : toMs;
    return turnMs < untilMs ? turnMs : null;
  }
  return null;
}

/**
 * When it is open between two moments, Unix ms, in order; what follows without a gap is one. Looks at each day once:
 * half a year of the most windows is long.
 */
export function openings(
  schedule: Schedule,
  workDays: WorkDays,
  { fromMs, toMs }: Readonly<Record<'fromMs' | 'toMs', number>>,
): Span[] {
  const open = [...runs(schedule, workDays, fromMs, toMs)].map((one) => ({
    fromMs: Math.max(one.fromMs, fromMs),
    toMs: Math.min(one.toMs, toMs),
  }));
  return open.filter((one) => one.fromMs < one.toMs);
}

interface Span {
  fromMs: number;
  toMs: number;
}

/**
 * Spans in which it is open, in order, of those that begin before `untilMs` and no earlier than on the day before
 * `atMs`; what follows without a gap is one. Looks at each day once, and no further than it is asked.
 */
function* runs(schedule: Schedule, workDays: WorkDays, atMs: number, untilMs: number): Generator<Span> {
  let last: Span | null = null;
  // One of the day before may reach into the first.
  for (let dayMs = startOfChinaDay(chinaDayAt(atMs)) - DAY_MS; dayMs < untilMs; dayMs += DAY_MS) {
    for (const window of windowsOf(schedule, workDays, dayMs)) {
      if (last && window.fromMs <= last.toMs) {
        last.toMs = Math.max(last.toMs, window.toMs);
        continue;
      }
      if (last) yield last;
      last = window;
    }
  }
  if (last) yield last;
}

/** Those that begin on a day, the earliest first. */
function windowsOf(schedule: Schedule, workDays: WorkDays, dayMs: number): Span[] {
  const meant = daysMeant(workDays, dayMs);
  const windows = schedule.filter(({ days }) => meant(days)).map((window) => on(window, dayMs));
  return windows.sort((a, b) => a.fromMs - b.fromMs);
}

/** The window that begins on a day. */
function on({ from, to }: Window, dayMs: number): Span {
  const [fromMs, toMs] = [dayMs + minutesOf(from) * MINUTE_MS, dayMs + minutesOf(to) * MINUTE_MS];
  return { fromMs, toMs: toMs > fromMs ? toMs : toMs + DAY_MS };
}

/** Which `days` mean this day; what a day is, is looked up once. */
function daysMeant(workDays: WorkDays, dayMs: number): (days: Window['days']) => boolean {
  const day = chinaDayAt(dayMs);
  let isWorkDay: boolean | null = null;
  return (days) => {
    if (days === 'all') return true;
    if (typeof days !== 'string') return days.includes(WEEKDAYS[weekdayOf(day)]!);
    isWorkDay ??= workDays.isWorkDay(day);
    return isWorkDay === (days === 'workdays');
  };
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  return hours! * 60 + minutes!;
}

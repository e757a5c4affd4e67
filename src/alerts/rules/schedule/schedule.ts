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
  return schedule.some((window) =>
    [today - DAY_MS, today].some((dayMs) => {
      const { fromMs, toMs } = on(window, dayMs);
      return fromMs <= atMs && atMs < toMs && isMeant(window, workDays, dayMs);
    }),
  );
}

/** When one opens next, later than `atMs`; null where none does within two months. */
export function nextOpening(schedule: Schedule, workDays: WorkDays, atMs: number): number | null {
  const today = startOfChinaDay(chinaDayAt(atMs));
  for (let days = 0; days <= DAYS_AHEAD; days += 1) {
    const dayMs = today + days * DAY_MS;
    const openings = schedule.filter((window) => isMeant(window, workDays, dayMs)).map((one) => on(one, dayMs).fromMs);
    const next = openings.filter((one) => one > atMs);
    if (next.length > 0) return Math.min(...next);
  }
  return null;
}

/** The window that begins on a day. */
function on({ from, to }: Window, dayMs: number): { fromMs: number; toMs: number } {
  const [fromMs, toMs] = [dayMs + minutesOf(from) * MINUTE_MS, dayMs + minutesOf(to) * MINUTE_MS];
  return { fromMs, toMs: toMs > fromMs ? toMs : toMs + DAY_MS };
}

function isMeant({ days }: Window, workDays: WorkDays, dayMs: number): boolean {
  const day = chinaDayAt(dayMs);
  if (days === 'all') return true;
  if (typeof days !== 'string') return days.includes(WEEKDAYS[weekdayOf(day)]!);
  return workDays.isWorkDay(day) === (days === 'workdays');
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  return hours! * 60 + minutes!;
}

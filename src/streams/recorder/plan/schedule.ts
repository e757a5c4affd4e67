import { z } from 'zod';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../core/clock.ts';

const DAYS_MAX = 7;
const HOURS_MAX = 20;
const TIME = /^([01]\d|2[0-3]):[0-5]\d$|^24:00$/;

/** China has one time (UTC+8) and no summer time. */
const ZONE_MS = 8 * HOUR_MS;

const time = z.string().regex(TIME, 'must be a time of day, such as 07:30').meta({ description: 'Beijing time' });

/** Hours of a week in which a camera is recorded. */
export const schedule = z
  .array(
    z
      .strictObject({
        days: z
          .array(z.int().min(1).max(7))
          .min(1)
          .max(DAYS_MAX)
          .meta({ description: 'Days of the week, 1 is Monday' }),
        from: time,
        to: time,
      })
      .refine(({ from, to }) => from < to, {
        path: ['to'],
        error: 'must be later than from; name two times over midnight',
      }),
  )
  .min(1)
  .max(HOURS_MAX);

export type Schedule = z.infer<typeof schedule>;

/** Whether a moment (Unix ms) lies within one of the hours. */
export function isWithin(hours: Schedule, atMs: number): boolean {
  const day = dayOfWeek(atMs) + 1;
  const minute = Math.floor(((atMs + ZONE_MS) % DAY_MS) / MINUTE_MS);
  return hours.some(({ days, from, to }) => days.includes(day) && minute >= minutesOf(from) && minute < minutesOf(to));
}

/** Hours of each day of the week that a plan covers, put together: [begin, end) in minutes; the first is Monday. */
export type Week = readonly (readonly (readonly [number, number])[])[];

/** Without hours it is recorded always. */
export function weekOf(hours: Schedule | null): Week {
  const days = Array.from({ length: DAYS_MAX }, (_, at) => at + 1);
  if (!hours) return days.map(() => [[0, DAY_MS / MINUTE_MS]]);
  return days.map((day) => together(hours.filter((one) => one.days.includes(day))));
}

/** At no time. */
export const NEVER: Week = Array.from({ length: DAYS_MAX }, () => []);

/** How long of a time within one day of China (Unix ms) a camera should have been recorded, ms. */
export function expectedMs(week: Week, fromMs: number, toMs: number): number {
  const dayMs = Math.floor((fromMs + ZONE_MS) / DAY_MS) * DAY_MS - ZONE_MS;
  let sum = 0;
  for (const [begin, end] of week[dayOfWeek(fromMs)]!) {
    sum += Math.max(0, Math.min(toMs, dayMs + end * MINUTE_MS) - Math.max(fromMs, dayMs + begin * MINUTE_MS));
  }
  return sum;
}

/** 0 is Monday. 1970-01-01 was a Thursday. */
function dayOfWeek(atMs: number): number {
  return (Math.floor((atMs + ZONE_MS) / DAY_MS) + 3) % 7;
}

function together(hours: readonly Schedule[number][]): [number, number][] {
  const found: [number, number][] = [];
  const ordered = hours.map(({ from, to }) => [minutesOf(from), minutesOf(to)] as [number, number]);
  for (const [begin, end] of ordered.sort(([one], [other]) => one - other)) {
    const last = found.at(-1);
    if (last && begin <= last[1]) last[1] = Math.max(last[1], end);
    else found.push([begin, end]);
  }
  return found;
}

function minutesOf(text: string): number {
  const [hours, minutes] = text.split(':').map(Number);
  return hours! * 60 + minutes!;
}

import { z } from 'zod';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/clock.ts';

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
  const local = atMs + ZONE_MS;
  // 1970-01-01 was a Thursday, day 4.
  const day = ((Math.floor(local / DAY_MS) + 3) % 7) + 1;
  const minute = Math.floor((local % DAY_MS) / MINUTE_MS);
  return hours.some(({ days, from, to }) => days.includes(day) && minute >= minutesOf(from) && minute < minutesOf(to));
}

function minutesOf(text: string): number {
  const [hours, minutes] = text.split(':').map(Number);
  return hours! * 60 + minutes!;
}

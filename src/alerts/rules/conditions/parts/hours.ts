import { type WorkDays, weekdayOf } from '../../../../core/calendar/work-days.ts';
import { chinaDayAt, DAY_MS, HOUR_MS, startOfChinaDay } from '../../../../core/clock.ts';

/**
 * How much came in each hour of each of the last days, by day in the time of China; null for an hour of which it is not
 * known, because the device or the gateway was away for a part of it.
 */
export type Hours = Readonly<Record<string, readonly (number | null)[]>>;

/** Four weeks, so that each day of the week is there as often. */
const DAYS_KEPT = 28;

/** The hour of the day in China, 0 to 23. */
function hourOfDay(atMs: number): number {
  return Math.floor((atMs - startOfChinaDay(chinaDayAt(atMs))) / HOUR_MS);
}

/** When the hour of a moment begins, Unix ms; China has no summer time. */
export function startOfHour(atMs: number): number {
  return Math.floor(atMs / HOUR_MS) * HOUR_MS;
}

/** With what came in the hour of a moment; days that are too old to be compared with are let go. */
export function counted(hours: Hours, atMs: number, count: number | null): Hours {
  const day = chinaDayAt(atMs);
  const oldest = chinaDayAt(atMs - DAYS_KEPT * DAY_MS);
  const row = [...(hours[day] ?? Array.from({ length: 24 }, () => null))];
  row[hourOfDay(atMs)] = count;
  const kept = Object.entries(hours).filter(([one]) => one >= oldest && one !== day);
  return Object.fromEntries([...kept, [day, row]]);
}

/**
 * How much came in the same hour of like days before: the median of the newest `days` of them. Like are those of the
 * same day of the week on which people work, or not, as on this one; where there are none, all on which they do alike.
 * Null where nothing is known of any.
 */
export function usual(
  hours: Hours,
  atMs: number,
  { workDays, days }: { workDays: WorkDays; days: number },
): number | null {
  const today = chinaDayAt(atMs);
  const hour = hourOfDay(atMs);
  const isWork = workDays.isWorkDay(today);
  const alike = Object.entries(hours)
    .filter(([day, row]) => day < today && row[hour] != null && workDays.isWorkDay(day) === isWork)
    .sort(([a], [b]) => (a < b ? 1 : -1));
  const ofWeekday = alike.filter(([day]) => weekdayOf(day) === weekdayOf(today));
  const counts = (ofWeekday.length > 0 ? ofWeekday : alike).slice(0, days).map(([, row]) => row[hour]!);
  if (counts.length === 0) return null;
  const inOrder = counts.sort((a, b) => a - b);
  const middle = inOrder.length / 2;
  return (inOrder[Math.ceil(middle) - 1]! + inOrder[Math.floor(middle)]!) / 2;
}

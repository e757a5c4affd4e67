/** The day of a Chinese city: every clock there is eight hours ahead of UTC, in summer and in winter. */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OFFSET_MS = 8 * HOUR_MS;

/** How much of something there is in each hour, by the clock of the city, on a day of work and on others. */
export interface DayCurve {
  readonly workday: readonly number[];
  readonly weekend: readonly number[];
}

/** Cars on the streets: two rush hours, at weekends one long hump. The largest value is 1. */
export const TRAFFIC: DayCurve = {
  workday: [
    0.12, 0.08, 0.06, 0.06, 0.08, 0.2, 0.5, 0.92, 1, 0.75, 0.62, 0.6, 0.58, 0.6, 0.62, 0.66, 0.78, 0.96, 0.98, 0.72,
    0.52, 0.42, 0.3, 0.2,
  ],
  weekend: [
    0.18, 0.12, 0.08, 0.07, 0.08, 0.12, 0.22, 0.34, 0.48, 0.6, 0.68, 0.7, 0.66, 0.66, 0.7, 0.74, 0.76, 0.74, 0.68, 0.6,
    0.52, 0.44, 0.34, 0.25,
  ],
};

/** People who are about: shops, squares, stations. */
export const PEOPLE: DayCurve = {
  workday: [
    0.05, 0.03, 0.02, 0.02, 0.04, 0.12, 0.3, 0.55, 0.6, 0.5, 0.52, 0.66, 0.76, 0.6, 0.52, 0.54, 0.6, 0.8, 0.96, 1, 0.9,
    0.66, 0.36, 0.14,
  ],
  weekend: [
    0.1, 0.06, 0.03, 0.03, 0.04, 0.08, 0.18, 0.3, 0.46, 0.66, 0.82, 0.9, 0.9, 0.86, 0.9, 0.94, 0.96, 0.96, 1, 0.98,
    0.86, 0.64, 0.4, 0.2,
  ],
};

/** Building sites and works: by day, with a pause at noon. */
export const WORK: DayCurve = {
  workday: [0, 0, 0, 0, 0, 0.05, 0.4, 0.9, 1, 1, 1, 0.7, 0.4, 0.9, 1, 1, 1, 0.9, 0.5, 0.2, 0.1, 0.05, 0, 0],
  weekend: [0, 0, 0, 0, 0, 0, 0.2, 0.5, 0.6, 0.6, 0.6, 0.4, 0.2, 0.5, 0.6, 0.6, 0.6, 0.4, 0.2, 0.1, 0, 0, 0, 0],
};

/** Hours since midnight, with their fraction. */
export function hourOf(atMs: number): number {
  return ((((atMs + OFFSET_MS) % DAY_MS) + DAY_MS) % DAY_MS) / HOUR_MS;
}

function dayOf(atMs: number): number {
  return Math.floor((atMs + OFFSET_MS) / DAY_MS);
}

/** The first day of Unix time was a Thursday. */
function isWeekend(day: number): boolean {
  const weekday = (((day + 4) % 7) + 7) % 7;
  return weekday === 0 || weekday === 6;
}

function hoursOf(curve: DayCurve, day: number): readonly number[] {
  return isWeekend(day) ? curve.weekend : curve.workday;
}

/** Value of a curve, between the hours along a straight line. */
export function levelAt(curve: DayCurve, atMs: number): number {
  const hours = hoursOf(curve, dayOf(atMs));
  const hour = hourOf(atMs);
  const whole = Math.floor(hour);
  const here = hours[whole] ?? 0;
  return here + ((hours[(whole + 1) % 24] ?? 0) - here) * (hour - whole);
}

/** The area below a curve from the beginning of Unix time, in hours: what has come together until then. Never falls. */
export function areaUntil(curve: DayCurve, atMs: number): number {
  const day = dayOf(atMs);
  const weeks = Math.floor(day / 7);
  let area = weeks * WEEK_DAYS.reduce((sum, at) => sum + total(hoursOf(curve, at)), 0);
  for (let at = weeks * 7; at < day; at += 1) area += total(hoursOf(curve, at));
  const hours = hoursOf(curve, day);
  const hour = hourOf(atMs);
  const whole = Math.floor(hour);
  for (let at = 0; at < whole; at += 1) area += trapezium(hours, at, 1);
  return area + trapezium(hours, whole, hour - whole);
}

const WEEK_DAYS = [0, 1, 2, 3, 4, 5, 6];

function total(hours: readonly number[]): number {
  return hours.reduce((sum, value) => sum + value, 0);
}

function trapezium(hours: readonly number[], hour: number, part: number): number {
  const here = hours[hour] ?? 0;
  const next = hours[(hour + 1) % 24] ?? 0;
  return part * (here + ((next - here) * part) / 2);
}

/** The sun: 0 at night, 1 at noon. */
export function sunAt(atMs: number): number {
  return Math.max(0, Math.sin(((hourOf(atMs) - 6) / 12) * Math.PI));
}

export function isNight(atMs: number): boolean {
  const hour = hourOf(atMs);
  return hour < 6 || hour >= 18.5;
}

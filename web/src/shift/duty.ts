import type { DutyShift, HandOverLine } from '../types.ts';

const HOUR_MS = 3_600_000;
/** Who ends their shift hands over within so long. */
const LATE_MS = 6 * HOUR_MS;

/** Whether somebody leads a shift and signs for it. */
export function leads({ people }: Pick<DutyShift, 'people'>, username: string | null | undefined): boolean {
  return username != null && people[0] === username;
}

/** Shifts that somebody leads and has to hand over: that of now, or one that has just ended and was not taken. Pure. */
export function toGive(
  shifts: readonly DutyShift[],
  handOvers: readonly HandOverLine[],
  { username, nowMs }: { username: string | null | undefined; nowMs: number },
): DutyShift[] {
  const taken = new Set(handOvers.filter(({ takenAt }) => takenAt !== null).map(({ fromShift }) => fromShift));
  return shifts.filter((one) => {
    const [from, to] = [Date.parse(one.startsAt), Date.parse(one.endsAt)];
    return leads(one, username) && from <= nowMs && nowMs < to + LATE_MS && !taken.has(one.id);
  });
}

/** Later shifts of the same desk, the next one first. Pure. */
export function nextOf(shift: DutyShift, shifts: readonly DutyShift[]): DutyShift[] {
  const isNext = (one: DutyShift) =>
    one.id !== shift.id &&
    one.jurisdiction === shift.jurisdiction &&
    one.police === shift.police &&
    Date.parse(one.endsAt) > Date.parse(shift.startsAt) &&
    Date.parse(one.startsAt) >= Date.parse(shift.startsAt);
  return shifts.filter(isNext).sort((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt));
}

/** Hand-overs that wait for somebody who leads the shift that takes over. Pure. */
export function toTake(
  handOvers: readonly HandOverLine[],
  shifts: readonly DutyShift[],
  username: string | null | undefined,
): HandOverLine[] {
  const own = new Set(shifts.filter((one) => leads(one, username)).map(({ id }) => id));
  return handOvers.filter(({ toShift, takenAt }) => takenAt === null && own.has(toShift));
}

const DAY_MS = 24 * HOUR_MS;

/** The roster from two days ago on; the same question for an hour. */
export function rosterPath(nowMs: number): string {
  const hour = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const [from, to] = [hour - 2 * DAY_MS, hour + 7 * DAY_MS].map((ms) => new Date(ms).toISOString());
  return `/duty/shifts?from=${from}&to=${to}`;
}

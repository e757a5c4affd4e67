import type { WorkDays } from '../../core/calendar/work-days.ts';
import { type Clock, DAY_MS } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import type { Selectable } from '../../platform/database/database.ts';
import type { SilenceTable } from '../desk/tables.ts';
import { isOpen, nextTurn, openings, type Schedule } from '../rules/schedule/schedule.ts';
import { SHARE_MAX, SILENCE_MAX_MS, type Span, type TooMuch, tooMuch, united } from './share.ts';

/** What comes again for longer is a matter of the hours of its rule. */
const REPEATS_MAX_MS = 180 * DAY_MS;
/** Windows of the longest silence: 16 on each day. */
export const WINDOWS_MAX = 16 * (REPEATS_MAX_MS / DAY_MS + 1);

/** Of those that hide the same alerts: each is looked at on each day. */
const WINDOWS_TOGETHER_MAX = 64;
/** The same of all sets of them, which are judged one after the other. */
const WINDOWS_OF_SETS_MAX = 2_000;

/** When a silence is to hold. */
export interface Asked {
  /** Now, where it is not said. */
  startsAtMs?: number | undefined;
  /** Unix ms; where it is not said, as late as may be. */
  endsAtMs?: number | undefined;
  /** In these windows between both; all the time, where it is not said. */
  repeats?: Schedule | undefined;
}

/** When a silence holds: from its beginning to its end, or in windows between them. Unix ms. */
export type Times = Pick<Selectable<SilenceTable>, 'starts_at_ms' | 'ends_at_ms' | 'repeats'>;

/** Whether one of its windows is open, whatever its beginning and its end are. */
export function isInWindow({ repeats }: Pick<Times, 'repeats'>, workDays: WorkDays, atMs: number): boolean {
  return repeats === null || isOpen(repeats, workDays, atMs);
}

/** Whether it is to hold at a moment. */
export function holdsAt(times: Times, workDays: WorkDays, atMs: number): boolean {
  return times.starts_at_ms <= atMs && atMs < times.ends_at_ms && isInWindow(times, workDays, atMs);
}

/** When it begins to hold or lets go next, later than `atMs`; null where it has ended. */
export function turnsAt(times: Times, workDays: WorkDays, atMs: number): number | null {
  const { starts_at_ms: startsAtMs, ends_at_ms: endsAtMs, repeats } = times;
  if (atMs >= endsAtMs) return null;
  if (atMs < startsAtMs)
    return holdsAt(times, workDays, startsAtMs) ? startsAtMs : turnsAt(times, workDays, startsAtMs);
  return Math.min(endsAtMs, (repeats && nextTurn(repeats, workDays, atMs)) ?? endsAtMs);
}

/** When it holds between two moments, at most `max` times; what follows without a gap is one. */
export function spansOf(times: Times, workDays: WorkDays, between: Span, max: number): Span[] {
  const fromMs = Math.max(between.fromMs, times.starts_at_ms);
  const toMs = Math.min(between.toMs, times.ends_at_ms);
  if (fromMs >= toMs) return [];
  const within = { fromMs, toMs };
  return times.repeats ? openings(times.repeats, workDays, within).slice(0, max) : [within];
}

/**
 * When one is to hold that was asked for so; each set of `beside` hides already some of what it would. Errors:
 * `request.invalid` for a time that is over or too long, and for windows of which none opens, or that leave too much
 * unsaid, alone or with a set of those beside.
 */
export function timesOf(
  asked: Asked,
  { clock, workDays }: { clock: Clock; workDays: WorkDays },
  beside: readonly (readonly Times[])[] = [],
): Times {
  const nowMs = clock.nowMs();
  const repeats = asked.repeats ?? null;
  const [maxMs, maxDays] = repeats ? [REPEATS_MAX_MS, REPEATS_MAX_MS / DAY_MS] : [SILENCE_MAX_MS, 7];
  const startsAtMs = Math.max(asked.startsAtMs ?? nowMs, nowMs);
  const endsAtMs = asked.endsAtMs ?? nowMs + maxMs;
  if (endsAtMs <= startsAtMs) throw invalid('endsAt', 'must lie behind its beginning, and in the future');
  if (endsAtMs - nowMs > maxMs) throw invalid('endsAt', `must lie within the next ${maxDays} days`);
  const times = { starts_at_ms: startsAtMs, ends_at_ms: endsAtMs, repeats };
  if (!repeats) return times;
  const spans = spansOf(times, workDays, { fromMs: startsAtMs, toMs: endsAtMs }, WINDOWS_MAX);
  if (spans.length === 0) throw invalid('repeats', 'no window opens before its end');
  const within = { fromMs: startsAtMs, toMs: endsAtMs };
  const alone = tooMuch(spans, within);
  if (alone) throw invalid('repeats', TOO_MUCH[alone]);
  const counts = beside.map((set) => [times, ...set].reduce((sum, one) => sum + (one.repeats?.length ?? 0), 0));
  const windows = Math.max(...counts, 0);
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (windows > WINDOWS_TOGETHER_MAX || all > WINDOWS_OF_SETS_MAX) {
    const many = windows > WINDOWS_TOGETHER_MAX ? windows : all;
    throw invalid('repeats', `has ${many} windows with the silences that hide the same alerts already: end some`);
  }
  const known = new Map<Times, Span[]>();
  for (const one of beside.flat()) if (!known.has(one)) known.set(one, spansOf(one, workDays, within, WINDOWS_MAX));
  for (const set of beside) {
    if (!tooMuch(united([spans, ...set.map((one) => known.get(one)!)]), within)) continue;
    throw invalid('repeats', 'with the silences that hide the same alerts already it leaves too much unsaid: end one');
  }
  return times;
}

const TOO_MUCH: Record<TooMuch, string> = {
  stretch: 'must let go for an hour at least once in 7 days: leave an hour between two windows, or let it end before',
  share: `may hold for ${SHARE_MAX * 100} % of any 4 weeks: make its windows shorter, or let it end within 7 days`,
};

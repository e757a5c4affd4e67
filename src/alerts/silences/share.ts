import { DAY_MS, HOUR_MS } from '../../core/clock.ts';

/** A time in which a silence holds, Unix ms; the end is left out. */
export interface Span {
  fromMs: number;
  toMs: number;
}

/** A week: what is to be left unsaid for longer at a stretch is a matter of its rule. */
export const SILENCE_MAX_MS = 7 * DAY_MS;
/** So much may windows take of any {@link SHARE_OF_MS}: nights and weekends take 70 %. */
export const SHARE_MAX = 0.8;
const SHARE_OF_MS = 28 * DAY_MS;
/** In a shorter pause nobody hears of what lasts. */
const PAUSE_MIN_MS = HOUR_MS;

/** What is wrong with the windows of a silence that comes again. */
export type TooMuch = 'stretch' | 'share';

/**
 * Whether windows, in order and apart from each other, leave alerts unsaid for more than a person would sign for again:
 * longer than a week without a pause of an hour, or more than {@link SHARE_MAX} of any four weeks. What lasts no longer
 * than a week may hold all the time, as any silence.
 */
export function tooMuch(spans: readonly Span[], { fromMs, toMs }: Span): TooMuch | null {
  if (toMs - fromMs <= SILENCE_MAX_MS) return null;
  const stretches = joined(spans, PAUSE_MIN_MS);
  if (stretches.some((one) => one.toMs - one.fromMs > SILENCE_MAX_MS)) return 'stretch';
  const ofMs = Math.min(SHARE_OF_MS, toMs - fromMs);
  return mostIn(spans, ofMs) > SHARE_MAX * ofMs ? 'share' : null;
}

/** All of several rows of windows as one, in order and apart from each other. */
export function united(rows: readonly (readonly Span[])[]): Span[] {
  return joined(
    rows.flat().toSorted((one, other) => one.fromMs - other.fromMs),
    0,
  );
}

/** With those as one that a pause shorter than `pauseMs`, or none, lies between. */
function joined(spans: readonly Span[], pauseMs: number): Span[] {
  const all: Span[] = [];
  for (const { fromMs, toMs } of spans) {
    const last = all.at(-1);
    const pause = last ? fromMs - last.toMs : Number.POSITIVE_INFINITY;
    if (last && (pause <= 0 || pause < pauseMs)) last.toMs = Math.max(last.toMs, toMs);
    else all.push({ fromMs, toMs });
  }
  return all;
}

/** The most that they hold in any time of this length, ms; of all those one that begins with a window holds most. */
function mostIn(spans: readonly Span[], lengthMs: number): number {
  let [most, heldMs, next] = [0, 0, 0];
  for (const first of spans) {
    const endMs = first.fromMs + lengthMs;
    for (let one = spans[next]; one && one.toMs <= endMs; one = spans[next]) {
      heldMs += one.toMs - one.fromMs;
      next += 1;
    }
    const partly = spans[next];
    const restMs = partly && partly.fromMs < endMs ? endMs - Math.max(partly.fromMs, first.fromMs) : 0;
    most = Math.max(most, heldMs + restMs);
    if (first.toMs <= endMs) heldMs -= first.toMs - first.fromMs;
    else next += 1;
  }
  return most;
}

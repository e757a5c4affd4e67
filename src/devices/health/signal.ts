/**
 * One thing that tells whether a device is well, with hysteresis: what it says counts only once it has said so for a
 * while, and until then what counted before does. Times are ms of a clock that never goes back.
 */
export interface Signal {
  /** What it says now. */
  good: boolean;
  /** Since when it says so. */
  sinceMs: number;
  /** What counted when it turned; null where nothing did yet. */
  stood: boolean | null;
  /** Why it is bad, as a word of the part that told it. */
  detail: string | null;
}

/** A device that is lost for less than this was never lost: a reconnect, a look that timed out. */
export const BAD_FOR_MS = 15_000;
/** A device that comes back for less than this is not back. */
export const GOOD_FOR_MS = 10_000;

/** The signal after it was told to be good or bad. Saying the same again changes nothing but the detail. */
export function turned(signal: Signal | null, said: Pick<Signal, 'good' | 'detail'>, atMs: number): Signal {
  const { good, detail } = said;
  if (signal?.good === good) return signal.detail === detail ? signal : { ...signal, detail };
  return { good, detail, sinceMs: atMs, stood: signal && counts(signal, atMs) };
}

/** What counts now; null where nobody can say yet. */
export function counts(signal: Signal, nowMs: number): boolean | null {
  return nowMs >= settlesAt(signal) ? signal.good : signal.stood;
}

/** From when on what it says counts. The first good word counts at once. */
export function settlesAt({ good, sinceMs, stood }: Signal): number {
  if (good === stood || (good && stood === null)) return sinceMs;
  return sinceMs + (good ? GOOD_FOR_MS : BAD_FOR_MS);
}

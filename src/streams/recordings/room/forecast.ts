import { HOUR_MS } from '../../../core/clock.ts';

/** Somebody should know so long before no room is left. */
const WARN_H = 24;
/** A warning ends only where there is room for so long. */
const CALM_H = 30;
const SECONDS_OF_HOUR = 3_600;

export interface RoomFacts {
  /** Above the mark at which room is made. */
  spareBytes: number;
  /** What is past the least of its class within a day from now, and so may go. */
  removableBytes: number;
  bytesPerSecond: number;
}

/** In how many hours the lowest class must give way; at least so many where that is beyond a day. */
export function hoursUntilFull({ spareBytes, removableBytes, bytesPerSecond }: RoomFacts): number {
  if (bytesPerSecond <= 0) return Number.POSITIVE_INFINITY;
  return Math.max(0, spareBytes + removableBytes) / bytesPerSecond / SECONDS_OF_HOUR;
}

export function isNearlyFull(hours: number, wasNearlyFull: boolean): boolean {
  return hours < (wasNearlyFull ? CALM_H : WARN_H);
}

const WINDOW_MS = HOUR_MS;
/** Less tells little: cameras close their files once a minute. */
const WINDOW_LEAST_MS = HOUR_MS / 12;

/** How fast a number that only grows has grown within the last hour. */
export class GrowthRate {
  readonly #samples: { atMs: number; value: number }[] = [];

  /** Takes one look, by the clock of durations, and tells the growth per second; null while too little is known. */
  look(atMs: number, value: number): number | null {
    const samples = this.#samples;
    samples.push({ atMs, value });
    while (samples.length > 2 && atMs - samples[1]!.atMs >= WINDOW_MS) samples.shift();
    const first = samples[0]!;
    const passedMs = atMs - first.atMs;
    return passedMs < WINDOW_LEAST_MS ? null : ((value - first.value) * 1_000) / passedMs;
  }
}

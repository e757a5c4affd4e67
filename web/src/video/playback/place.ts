/** A segment of a playlist of recordings. */
export interface Segment {
  /** When it was taken, Unix ms. */
  startsAtMs: number;
  /** Where it stands in what is played, seconds. */
  startS: number;
  durationS: number;
}

const ROW = /^#EXT-X-PROGRAM-DATE-TIME:(.+)$|^#EXTINF:([\d.]+),/gm;

/** The segments of a playlist (RFC 8216), each of which says when it was taken. */
export function segmentsOf(playlist: string): Segment[] {
  const segments: Segment[] = [];
  let startsAtMs = Number.NaN;
  let startS = 0;
  for (const [, date, seconds] of playlist.matchAll(ROW)) {
    if (date !== undefined) startsAtMs = Date.parse(date);
    if (seconds === undefined) continue;
    const durationS = Number(seconds);
    segments.push({ startsAtMs, startS, durationS });
    startS += durationS;
    startsAtMs += durationS * 1_000;
  }
  return segments;
}

export type Place =
  /** There are pictures: at so many seconds of what is played. */
  | { is: 'there'; s: number }
  /** There are none; the next come at `nextMs`, if any do. */
  | { is: 'hole'; nextMs: number | null };

/** A file ends where its last picture begins; the next one follows at once. */
const SEAM_MS = 1_500;

/** Where a moment stands in a playlist that plays `speed` times as fast as it was, in order of time. */
export function placeOf(segments: readonly Segment[], atMs: number, speed: number): Place {
  let next: number | null = null;
  for (const { startsAtMs, startS, durationS } of segments.toReversed()) {
    if (startsAtMs > atMs) {
      next = startsAtMs;
      continue;
    }
    const lengthMs = durationS * 1_000 * speed;
    const pastMs = atMs - startsAtMs;
    if (pastMs < lengthMs) return { is: 'there', s: startS + pastMs / 1_000 / speed };
    // The seam between two files is no hole.
    if (next !== null && next - (startsAtMs + lengthMs) < SEAM_MS) return { is: 'there', s: startS + durationS };
    break;
  }
  return { is: 'hole', nextMs: next };
}

export interface Window {
  fromMs: number;
  toMs: number;
}

const STEP_MS = 600_000;
/** What is coded anew comes an hour at most. */
const LENGTH_MS = 3_600_000;
/** Key frames alone are for long times. */
const FAST_LENGTH_MS = 4 * LENGTH_MS;

/** The time that is asked for to play from a moment on: the same for all moments of ten minutes. */
export function windowAround(atMs: number, speed: number): Window {
  const fromMs = Math.floor(atMs / STEP_MS) * STEP_MS;
  return { fromMs, toMs: fromMs + (speed >= 8 ? FAST_LENGTH_MS : LENGTH_MS) };
}

/** What is done so that a video shows `wantedS`: jump there, or go a little slower or faster until it does. */
export function correction(isS: number, wantedS: number, rate: number): { seekS: number | null; rate: number } {
  const aheadS = isS - wantedS;
  if (Math.abs(aheadS) > JUMP_S * Math.max(1, rate)) return { seekS: wantedS, rate };
  if (Math.abs(aheadS) < CLOSE_S) return { seekS: null, rate };
  return { seekS: null, rate: rate * (aheadS > 0 ? 1 - NUDGE : 1 + NUDGE) };
}

const JUMP_S = 0.8;
const CLOSE_S = 0.06;
const NUDGE = 0.08;

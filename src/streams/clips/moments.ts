import type { Movie } from '../fmp4/movie.ts';

/** A fragment of video that may go into a clip, from memory or from a file. */
export interface Moment {
  /** Unix ms, as the recorder and live video have it. */
  startsAtMs: number;
  durationMs: number;
  key: boolean;
  bytes: number;
  /** One unbroken run of the stream. */
  run: string;
  init: ClipInit;
  source: 'recording' | 'memory' | 'edge';
  read(): Promise<Buffer>;
}

/** Of several with the same bytes there is one. */
export interface ClipInit {
  data: Buffer;
  movie: Movie;
}

/** Fragments of one run that lie so close follow each other: rows of files have whole milliseconds. */
const TOGETHER_MS = 5;

/**
 * The fragments of a clip in order: from the last key frame at or before `fromMs` on, each once, and after a hole only
 * from a key frame on, because nothing before it can be shown.
 */
export function momentsWithin(moments: readonly Moment[], fromMs: number, toMs: number): Moment[] {
  const sorted = [...moments].sort((one, other) => one.startsAtMs - other.startsAtMs);
  const chosen: Moment[] = [];
  for (const moment of sorted) {
    if (moment.startsAtMs >= toMs) break;
    const last = chosen.at(-1);
    const endMs = last ? last.startsAtMs + last.durationMs : Number.NEGATIVE_INFINITY;
    // The same picture from memory and from the recording, or of two gateways.
    if (moment.startsAtMs < endMs - TOGETHER_MS) continue;
    const follows = last !== undefined && last.run === moment.run && moment.startsAtMs - endMs <= TOGETHER_MS;
    if (!follows && !moment.key) continue;
    if (moment.key && moment.startsAtMs <= fromMs) chosen.length = 0;
    chosen.push(moment);
  }
  const before = chosen.findLastIndex(({ startsAtMs, durationMs }) => startsAtMs + durationMs <= fromMs);
  // All of it ended before the time began.
  return before === chosen.length - 1 ? [] : chosen;
}

/** Those with the initialisation segment that shows the most of the time: one file has one. */
export function ofOneFormat(moments: readonly Moment[]): Moment[] {
  const shownMs = new Map<string, number>();
  const keyOf = ({ init }: Moment): string => init.data.toString('latin1');
  for (const moment of moments) shownMs.set(keyOf(moment), (shownMs.get(keyOf(moment)) ?? 0) + moment.durationMs);
  const [best] = [...shownMs].sort(([, one], [, other]) => other - one);
  return best ? moments.filter((moment) => keyOf(moment) === best[0]) : [];
}

/** Parts of a time that no fragment covers, those of `minMs` or more. */
export function uncovered(
  moments: readonly Pick<Moment, 'startsAtMs' | 'durationMs'>[],
  span: { fromMs: number; toMs: number },
  minMs: number,
): { fromMs: number; toMs: number }[] {
  const holes: { fromMs: number; toMs: number }[] = [];
  let coveredToMs = span.fromMs;
  const end = { startsAtMs: span.toMs, durationMs: 0 };
  for (const { startsAtMs, durationMs } of [...moments, end]) {
    if (startsAtMs - coveredToMs >= minMs) holes.push({ fromMs: coveredToMs, toMs: startsAtMs });
    coveredToMs = Math.max(coveredToMs, startsAtMs + durationMs);
  }
  return holes;
}

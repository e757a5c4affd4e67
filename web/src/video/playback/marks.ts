import type { RecordingTimeline } from '../../types.ts';

export interface Span {
  fromMs: number;
  toMs: number;
}

/** Lengths of the timeline, minutes. */
export const SPANS_MIN = [10, 60, 360, 1_440] as const;

/** Part of a timeline, in parts of its whole length. */
export interface Bar {
  from: number;
  length: number;
}

/** Where a stretch of time stands on the line; null where none of it does. One without an end lasts until `nowMs`. */
export function barOf(
  { from, to }: { from: string; to: string | null },
  { fromMs, toMs }: Span,
  nowMs: number,
): Bar | null {
  const start = Math.max(fromMs, Date.parse(from));
  const end = Math.min(toMs, to === null ? nowMs : Date.parse(to));
  if (!(end > start)) return null;
  return { from: (start - fromMs) / (toMs - fromMs), length: (end - start) / (toMs - fromMs) };
}

/** The span of this length that has a moment in it, and ends at the present at the latest. */
export function spanAround(atMs: number, minutes: number, nowMs: number): Span {
  const length = minutes * 60_000;
  const toMs = Math.min(Math.max(nowMs, atMs), atMs + length / 2);
  return { fromMs: toMs - length, toMs };
}

/** Why there is no picture of a moment; null where nobody said. */
export function causeAt(timeline: RecordingTimeline | undefined, atMs: number): string | null {
  const gap = timeline?.gaps.find(({ from, to }) => {
    return Date.parse(from) <= atMs && (to === null || Date.parse(to) > atMs);
  });
  return gap?.cause ?? null;
}

/** Something that happened at a camera. */
export type Mark =
  | { is: 'alert'; atMs: number; camera: string; alert: RecordingTimeline['alerts'][number] }
  | { is: 'event'; atMs: number; camera: string; type: string }
  | { is: 'gap'; atMs: number; camera: string; cause: string; toMs: number | null };

/** What happened at some cameras in a span, in order. */
export function marksOf(timelines: ReadonlyMap<string, RecordingTimeline>, { fromMs, toMs }: Span): Mark[] {
  const marks = [...timelines].flatMap(([camera, { alerts, events, gaps }]): Mark[] => [
    ...alerts.map((alert): Mark => ({ is: 'alert', atMs: Date.parse(alert.at), camera, alert })),
    ...(events ?? []).map(({ at, type }): Mark => ({ is: 'event', atMs: Date.parse(at), camera, type })),
    ...gaps.map(({ from, to, cause }): Mark => {
      return { is: 'gap', atMs: Date.parse(from), camera, cause, toMs: to === null ? null : Date.parse(to) };
    }),
  ]);
  return marks.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).sort((a, b) => a.atMs - b.atMs);
}

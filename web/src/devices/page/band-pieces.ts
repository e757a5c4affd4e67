export const DAY_MS = 86_400_000;

/** A piece of the band, as shares of its width. */
export interface BandPiece {
  what: 'offline' | 'maintenance' | 'unknown';
  from: number;
  to: number;
}

interface Stretch {
  what: 'offline' | 'maintenance';
  from: string;
  /** Null while it lasts. */
  to: string | null;
}

/** When a device was offline, worked on or not there yet, within a range; offline is drawn over a maintenance. */
export function bandOf(
  stretches: readonly Stretch[],
  { fromMs, toMs, knownFromMs }: { fromMs: number; toMs: number; knownFromMs: number },
): BandPiece[] {
  const place = (ms: number) => Math.min(1, Math.max(0, (ms - fromMs) / (toMs - fromMs)));
  const pieces = stretches.map(({ what, from, to }) => {
    return { what, from: place(Date.parse(from)), to: to === null ? 1 : place(Date.parse(to)) };
  });
  const before = { what: 'unknown' as const, from: 0, to: place(knownFromMs) };
  const sorted = pieces.sort((a, b) => a.what.localeCompare(b.what) || a.from - b.from);
  return [before, ...sorted].filter(({ from, to }) => to > from);
}

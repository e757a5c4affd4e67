import { HOUR_MS } from '../../../core/clock.ts';
import type { AlertRow } from '../tables.ts';

/** A drill that nobody ends lasts no longer, however long it was asked for. */
export const DRILL_MAX_MS = 4 * HOUR_MS;

/**
 * When a drill ends by itself, Unix ms; null for what is none. One of a version that did not say it has as long as any
 * may.
 */
export function drillEndsAtMs(alert: Pick<AlertRow, 'exercise' | 'first_at_ms' | 'data'>): number | null {
  if (!alert.exercise) return null;
  const { ends_at: endsAt } = alert.data;
  const atMs = typeof endsAt === 'string' ? Date.parse(endsAt) : Number.NaN;
  const lastMs = alert.first_at_ms + DRILL_MAX_MS;
  return Number.isNaN(atMs) ? lastMs : Math.min(atMs, lastMs);
}

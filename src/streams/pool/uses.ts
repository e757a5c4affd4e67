/**
 * What a lease of a camera is for. Where not everything fits, the more urgent goes first: what belongs to an alert,
 * what the law wants recorded, one picture that somebody watches, a still, one of many pictures on a wall.
 */
export const USES = ['alert', 'record', 'live', 'snapshot', 'wall'] as const;

export type Use = (typeof USES)[number];

/** Up to which part of the capacity pulls are opened for a use: the rest is kept free for what is more urgent. */
export const SHARES: Readonly<Record<Use, number>> = { alert: 1, record: 0.95, live: 0.9, snapshot: 0.8, wall: 0.7 };

/** How walls are shown: as asked for, in small pictures, or as stills. */
export type WallLevel = 'as-asked' | 'small' | 'stills';

const LEVELS: readonly WallLevel[] = ['as-asked', 'small', 'stills'];

export interface WallState {
  level: WallLevel;
  /** When it last fell or rose, ms of a monotonic clock. */
  changedAtMs: number;
}

/** What is in use, as a part of what there is: 1 is everything. */
export interface Load {
  pulled: number;
  processor: number;
}

/** Above its share, so that what was just admitted is not taken away again. */
const FALL_ABOVE = SHARES.wall + 0.05;
const RISE_BELOW = SHARES.wall - 0.1;
const PROCESSOR_FALL_ABOVE = 0.85;
const PROCESSOR_RISE_BELOW = 0.7;
/** The effect of one step is seen before the next. */
const FALL_AGAIN_MS = 10_000;
const RISE_AGAIN_MS = 60_000;

/** How walls are shown from now on. It falls step by step while there is too much to do, and rises later and slower. */
export function wallStep(state: WallState, load: Load, nowMs: number): WallState {
  const at = LEVELS.indexOf(state.level);
  const isOver = load.pulled > FALL_ABOVE || load.processor > PROCESSOR_FALL_ABOVE;
  const isCalm = load.pulled < RISE_BELOW && load.processor < PROCESSOR_RISE_BELOW;
  const forMs = nowMs - state.changedAtMs;
  if (isOver && at < LEVELS.length - 1 && (at === 0 || forMs >= FALL_AGAIN_MS)) {
    return { level: LEVELS[at + 1]!, changedAtMs: nowMs };
  }
  if (isCalm && at > 0 && forMs >= RISE_AGAIN_MS) return { level: LEVELS[at - 1]!, changedAtMs: nowMs };
  return state;
}

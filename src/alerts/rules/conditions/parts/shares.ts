import { z } from 'zod';

/** Keys of conditions that ask for a share, in per cent. */
export const shareLimits = {
  above_pct: z.number().min(0).max(99.9),
  /** It is over again below this; as soon as it is not above its limit where it is absent. */
  clear_below_pct: z.number().min(0).max(100).optional(),
};

interface ShareLimits {
  above_pct: number;
  clear_below_pct?: number | undefined;
}

export function sharesFit({ above_pct, clear_below_pct = above_pct }: ShareLimits): boolean {
  return clear_below_pct <= above_pct;
}

export const WRONG_SHARES = {
  path: ['clear_below_pct'],
  message: 'lies beyond above_pct, so it would flap',
};

/** Whether a share, 0 to 1, is over its limit; `before`: whether the one before it was. */
export function isOverShare({ above_pct, clear_below_pct }: ShareLimits, before: boolean, share: number): boolean {
  const pct = share * 100;
  return before && clear_below_pct !== undefined ? pct >= clear_below_pct : pct > above_pct;
}

import { isWatchlistHit } from '../../rules/conditions/event.ts';
import { audienceOf } from '../log/audience.ts';
import type { AlertRow } from '../tables.ts';

/**
 * Whether a hit is told again to those it is for, while nobody has it: no ladder and no desk hears of what only some
 * may know of. What is told late is history, and can wait.
 */
export function waitsForFew({ seen_by, data, handling }: Pick<AlertRow, 'seen_by' | 'data' | 'handling'>): boolean {
  return audienceOf(seen_by) === 'named' && isWatchlistHit(data) && data.historical !== true && handling === 'new';
}

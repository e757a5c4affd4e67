import { INTERNAL_RECORDS } from '../../core/internal-records.ts';
import type { Restart } from './conditions/condition.ts';

/** The records that restart all clocks. */
export const RESTARTS: Partial<Record<string, Restart['cause']>> = {
  [INTERNAL_RECORDS.start.topic]: 'start',
  [INTERNAL_RECORDS.clock.topic]: 'clock',
};

import { INTERNAL_RECORDS } from '../../core/internal-records.ts';
import { afterClockSet, afterStart } from './conditions/conditions.ts';

/** What the records that restart all clocks do to each state. */
export const RESTARTS: Partial<Record<string, typeof afterStart>> = {
  [INTERNAL_RECORDS.start.topic]: afterStart,
  [INTERNAL_RECORDS.clock.topic]: afterClockSet,
};

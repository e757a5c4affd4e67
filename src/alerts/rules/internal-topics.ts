import { afterClockSet, afterStart } from './conditions/conditions.ts';

/** Topics of the journal's own records that restart, begin or end the clocks of devices. */
export const INTERNAL_TOPICS = {
  start: 'internal/start',
  clock: 'internal/clock',
  registered: 'internal/registered',
  retired: 'internal/retired',
} as const;

/** What the records that restart all clocks do to each state. */
export const RESTARTS: Partial<Record<string, typeof afterStart>> = {
  [INTERNAL_TOPICS.start]: afterStart,
  [INTERNAL_TOPICS.clock]: afterClockSet,
};

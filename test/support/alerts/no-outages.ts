import type { OutagePorts } from '../../../src/alerts/route/stages/outage.ts';

/** Nothing ever goes dark together. */
export const NO_OUTAGES: OutagePorts = {
  above: () => null,
  lately: () => false,
  beside: () => 0,
  tellsSilence: () => false,
  nowMs: () => 0,
};

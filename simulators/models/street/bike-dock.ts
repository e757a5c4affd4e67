import { chance, momentsOf, type Span, wander, wholeBetween } from '../chance.ts';
import { levelAt, TRAFFIC } from '../day.ts';
import { healthOf } from '../health.ts';
import type { Being, Happening, Model, Values } from '../model.ts';

const JAMS_PER_DAY = 0.2;
const HOUR_MS = 3_600_000;

/** Where people live bicycles leave in the morning; where they work they come then. */
function readDock(being: Being, atMs: number): Values[] {
  const docks = wholeBetween(12, 40, chance(being.seed, 'docks'));
  const faulty = chance(being.seed, 'faulty', Math.floor(atMs / (24 * HOUR_MS))) < 0.1 ? 1 : 0;
  const isHome = chance(being.seed, 'home') < 0.5;
  const tide = levelAt(TRAFFIC, atMs) * (isHome ? -0.5 : 0.5);
  const share = Math.min(1, Math.max(0, 0.5 + tide + 0.2 * wander(being.seed, 'bikes', atMs, HOUR_MS)));
  const bikes = Math.round((docks - faulty) * share);
  return [
    {
      ...healthOf(being, atMs),
      up: true,
      docks_total: docks,
      docks_free: docks - faulty - bikes,
      docks_faulty: faulty,
      bikes,
    },
  ];
}

function happensAtDock(being: Being, span: Span): Happening[] {
  const odds = { slotMs: HOUR_MS, oddsAt: () => JAMS_PER_DAY / 24 };
  return momentsOf(being.seed, 'jam', { span, ...odds }).map((atMs) => {
    const dock = wholeBetween(1, 12, chance(being.seed, 'jam-dock', Math.floor(atMs / HOUR_MS)));
    return { atMs, type: 'jam', data: { dock, reason: 'latch' } };
  });
}

export const bikeDock: Model = {
  kind: 'bike-dock',
  periodS: 60,
  firmware: ['4.0.2', '4.1.0'],
  read: readDock,
  happen: happensAtDock,
};

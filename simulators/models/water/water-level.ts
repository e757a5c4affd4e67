import { between, chance, momentsOf, type Span, wander, within } from '../chance.ts';
import { batteryOf } from '../health.ts';
import type { Being, Happening, Model, Values } from '../model.ts';
import { rainAt, temperatureAt, type World, waterAt } from '../world.ts';

const DAY_MS = 86_400_000;
const FAULTS_PER_DAY = 0.02;

/** The level follows the water of the storms, each gauge more or less; gas goes away when water runs through. */
function readGauge(being: Being, atMs: number, world: World): Values[] {
  const water = waterAt(world, atMs);
  const perMm = between(0.01, 0.05, chance(being.seed, 'rise'));
  const dry = between(0.15, 0.5, chance(being.seed, 'dry'));
  const level = dry + water * perMm + 0.015 * wander(being.seed, 'level', atMs, 600_000);
  return [
    {
      ...batteryOf(being, atMs),
      level_m: within(level, 0, 100, 3),
      flow_m3s: within(level * 0.8 * (1 + 0.1 * wander(being.seed, 'flow', atMs, 300_000)), 0, 100_000, 3),
      rain_mmh: within(rainAt(world, atMs), 0, 1_000),
      water_temp_c: within(temperatureAt(world, atMs) - 2, -20, 100),
      h2s_ppm: within(2 + wander(being.seed, 'h2s', atMs, 1_800_000) - water * 0.1, 0, 2_000),
      ch4_pct: within(1 + wander(being.seed, 'ch4', atMs, 1_800_000) - water * 0.1, 0, 100),
    },
  ];
}

function happensAtGauge(being: Being, span: Span): Happening[] {
  const odds = { slotMs: DAY_MS, oddsAt: () => FAULTS_PER_DAY };
  return momentsOf(being.seed, 'sensor', { span, ...odds }).map((atMs) => {
    return { atMs, type: 'sensor_fault', data: { sensor: 'gas', reason: 'no answer' } };
  });
}

export const waterLevel: Model = {
  kind: 'water-level',
  periodS: 60,
  firmware: ['0.9.4', '1.0.1'],
  read: readGauge,
  happen: happensAtGauge,
};

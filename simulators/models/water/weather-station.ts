import { type Span, wander, within } from '../chance.ts';
import { sunAt } from '../day.ts';
import { healthOf } from '../health.ts';
import type { Being, Happening, Model, Values } from '../model.ts';
import { humidityAt, rainAt, temperatureAt, type World, waterAt, windAt, windFrom } from '../world.ts';

const LOOK_MS = 600_000;
/** Rain in mm/h from which a station warns, with the colour of the warning. */
const WARNINGS = [
  { mmh: 50, level: 'red' },
  { mmh: 30, level: 'orange' },
  { mmh: 16, level: 'yellow' },
] as const;

function readStation(being: Being, atMs: number, world: World): Values[] {
  const wind = windAt(world, atMs) * (1 + 0.2 * wander(being.seed, 'gust', atMs, 60_000));
  const rain = rainAt(world, atMs);
  return [
    {
      ...healthOf(being, atMs),
      temp_c: within(temperatureAt(world, atMs) + 0.5 * wander(being.seed, 'temp', atMs, 600_000), -60, 60),
      humidity_pct: within(humidityAt(world, atMs), 0, 100),
      pressure_hpa: within(1_013 + 9 * wander(world.seed, 'pressure', atMs, 36_000_000), 300, 1_100),
      wind_mps: within(wind, 0, 120),
      gust_mps: within(wind * 1.6, 0, 120),
      wind_deg: within(windFrom(world, atMs), 0, 360),
      rain_mm: within(waterAt(world, atMs), 0, 100_000),
      rain_mmh: within(rain, 0, 1_000),
      visibility_m: within(18_000 - 300 * Math.min(55, rain), 0, 100_000, 0),
      sun_wm2: within(850 * sunAt(atMs) * (rain > 1 ? 0.2 : 0.8), 0, 2_000, 0),
    },
  ];
}

function levelOf(world: World, atMs: number): string | null {
  const rain = rainAt(world, atMs);
  return WARNINGS.find(({ mmh }) => rain >= mmh)?.level ?? null;
}

/** It warns when a warning of another colour begins, looked at each ten minutes. */
function happensAtStation(_being: Being, span: Span, world: World): Happening[] {
  const found: Happening[] = [];
  for (let look = Math.floor(span.fromMs / LOOK_MS) + 1; look * LOOK_MS <= span.toMs; look += 1) {
    const atMs = look * LOOK_MS;
    const level = levelOf(world, atMs);
    if (level === null || level === levelOf(world, atMs - LOOK_MS)) continue;
    found.push({ atMs, type: 'warning', data: { what: 'rain', level, text: 'heavy rain' } });
  }
  return found;
}

export const weatherStation: Model = {
  kind: 'weather-station',
  periodS: 60,
  firmware: ['2.0', '2.1'],
  read: readStation,
  happen: happensAtStation,
};

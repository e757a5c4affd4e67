import { between, chance, type Span, wander, within } from '../chance.ts';
import { levelAt, WORK } from '../day.ts';
import { healthOf } from '../health.ts';
import { type Being, beginning, type Happening, type Model, troubleAt, type Values } from '../model.ts';
import { humidityAt, rainAt, temperatureAt, type World, windAt, windFrom } from '../world.ts';

const PM10_LIMIT = 150;

function readMonitor(being: Being, atMs: number, world: World): Values[] {
  const work = levelAt(WORK, atMs);
  const dry = rainAt(world, atMs) > 0.5 ? 0.3 : 1;
  const over = troubleAt(being, 'fault', atMs) ? 2.5 : 1;
  const city = 35 + 20 * wander(world.seed, 'haze', atMs, 43_200_000);
  const pm10 = (city + 60 * work * between(0.5, 1, chance(being.seed, 'dusty'))) * dry * over;
  return [
    {
      ...healthOf(being, atMs),
      pm25_ugm3: within(pm10 * 0.55, 0, 10_000),
      pm10_ugm3: within(pm10, 0, 20_000),
      tsp_ugm3: within(pm10 * 1.9, 0, 100_000),
      noise_db: within(44 + 26 * work + 4 * wander(being.seed, 'noise', atMs, 60_000), 0, 200),
      temp_c: within(temperatureAt(world, atMs), -60, 60),
      humidity_pct: within(humidityAt(world, atMs), 0, 100),
      wind_mps: within(windAt(world, atMs), 0, 120),
      wind_deg: within(windFrom(world, atMs), 0, 360),
      spraying: pm10 > PM10_LIMIT * 0.6,
    },
  ];
}

function happensAtMonitor(being: Being, span: Span): Happening[] {
  return beginning(being, 'fault', span).map(({ fromMs }) => {
    return { atMs: fromMs, type: 'over_limit', data: { factor: 'pm10', value: 212, limit: PM10_LIMIT } };
  });
}

export const dustMonitor: Model = {
  kind: 'dust-monitor',
  periodS: 60,
  firmware: ['5.0', '5.1'],
  troubles: ['fault'],
  read: readMonitor,
  happen: happensAtMonitor,
};

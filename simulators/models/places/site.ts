import { chance, momentsOf, type Span, wander, within } from '../chance.ts';
import { areaUntil, PEOPLE } from '../day.ts';
import { healthOf } from '../health.ts';
import { type Being, beginning, type Happening, type Model, troubleAt, type Values } from '../model.ts';
import { humidityAt, temperatureAt, type World } from '../world.ts';

const WEEK_MS = 7 * 86_400_000;

function readSite(being: Being, atMs: number, world: World): Values[] {
  const kw = 0.3 + chance(being.seed, 'kw');
  return [
    {
      ...healthOf(being, atMs),
      temp_c: within(temperatureAt(world, atMs) + 7 + wander(being.seed, 'temp', atMs, 1_800_000), -60, 125),
      humidity_pct: within(humidityAt(world, atMs) - 15, 0, 100),
      energy_kwh: within((areaUntil(PEOPLE, atMs) * kw) % 1e8, 0, 1e9, 2),
      smoke: troubleAt(being, 'fire', atMs) !== null,
      water: false,
    },
  ];
}

function happensAtSite(being: Being, span: Span): Happening[] {
  const visits = momentsOf(being.seed, 'entered', { span, slotMs: WEEK_MS, oddsAt: () => 0.7 });
  return [
    ...visits.map((atMs) => ({ atMs, type: 'entered', data: { door: 'north' } })),
    ...beginning(being, 'fire', span).map(({ fromMs }) => ({
      atMs: fromMs,
      type: 'smoke_alarm',
      data: { active: true },
    })),
  ];
}

export const site: Model = {
  kind: 'site',
  periodS: 300,
  firmware: ['1.2'],
  troubles: ['fire'],
  read: readSite,
  happen: happensAtSite,
};

import { between, chance, momentsOf, type Span, wander, within } from '../chance.ts';
import { levelAt, WORK } from '../day.ts';
import { healthOf } from '../health.ts';
import { type Being, beginning, type Happening, type Model, troubleAt, type Values } from '../model.ts';
import { temperatureAt, type World } from '../world.ts';

const WEEK_MS = 7 * 86_400_000;
const COD_LIMIT = 60;
const SO2_LIMIT = 35;

/** A works' drain has the factors of water, its stack those of air; `medium` says which. */
function isWater(being: Being): boolean {
  return being.traits.medium === undefined ? chance(being.seed, 'medium') < 0.5 : being.traits.medium === 'water';
}

function factorsOf(being: Being, atMs: number, world: World): Values {
  const work = 0.3 + 0.7 * levelAt(WORK, atMs);
  const over = troubleAt(being, 'fault', atMs) ? 1.9 : 1;
  const base = between(0.4, 0.75, chance(being.seed, 'load'));
  const share = (name: string): number => work * (base + 0.1 * wander(being.seed, name, atMs, 900_000)) * over;
  if (isWater(being)) {
    return {
      cod_mgl: within(share('cod') * COD_LIMIT, 0, 100_000, 3),
      nh3n_mgl: within(share('nh3n') * 8, 0, 10_000, 3),
      tp_mgl: within(share('tp') * 0.5, 0, 10_000, 3),
      tn_mgl: within(share('tn') * 15, 0, 10_000, 3),
      ph: within(7.2 + 0.4 * wander(being.seed, 'ph', atMs, 900_000), 0, 14, 2),
      water_lps: within(work * 40, 0, 1_000_000, 3),
    };
  }
  return {
    so2_mgm3: within(share('so2') * SO2_LIMIT, 0, 100_000, 3),
    nox_mgm3: within(share('nox') * 50, 0, 100_000, 3),
    dust_mgm3: within(share('dust') * 10, 0, 100_000, 3),
    co_mgm3: within(share('co') * 100, 0, 100_000, 3),
    o2_pct: within(8 + wander(being.seed, 'o2', atMs, 900_000), 0, 100, 2),
    gas_m3h: within(work * 120_000, 0, 100_000_000),
    temp_c: within(temperatureAt(world, atMs) + 90 * work, -60, 1_500),
    pressure_kpa: within(-0.3 * work, -1_000, 10_000, 3),
  };
}

function readLogger(being: Being, atMs: number, world: World): Values[] {
  const flag = troubleAt(being, 'fault', atMs) ? 'T' : 'N';
  return [{ ...healthOf(being, atMs), record: 'now', flag, ...factorsOf(being, atMs, world) }];
}

function happensAtLogger(being: Being, span: Span): Happening[] {
  const [factor, limit] = isWater(being) ? ['cod', COD_LIMIT] : ['so2', SO2_LIMIT];
  const weekly = momentsOf(being.seed, 'calibration', { span, slotMs: WEEK_MS, oddsAt: () => 1 });
  return [
    ...weekly.map((atMs) => ({ atMs, type: 'calibration', data: { factor, active: true } })),
    ...beginning(being, 'fault', span).map(({ fromMs }) => ({
      atMs: fromMs,
      type: 'over_limit',
      data: { factor, value: within(limit * 1.4, 0, 1e6), limit },
    })),
  ];
}

export const pollutionLogger: Model = {
  kind: 'pollution-logger',
  periodS: 60,
  firmware: ['K37A-2.1', 'K37A-2.4'],
  troubles: ['fault'],
  read: readLogger,
  happen: happensAtLogger,
};

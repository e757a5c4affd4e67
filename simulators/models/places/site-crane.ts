import { between, chance, type Span, wander, within } from '../chance.ts';
import { levelAt, WORK } from '../day.ts';
import { healthOf } from '../health.ts';
import { type Being, beginning, type Happening, type Model, type Values } from '../model.ts';
import { type World, windAt } from '../world.ts';

/** Lift, turn, set down, come back. */
const LIFT_MS = 300_000;
const WIND_STOP_MPS = 13.8;
const LOOK_MS = 600_000;

function readCrane(being: Being, atMs: number, world: World): Values[] {
  const lift = Math.floor(atMs / LIFT_MS);
  const part = (atMs % LIFT_MS) / LIFT_MS;
  const works = chance(being.seed, 'lift', lift) < levelAt(WORK, atMs) && windAt(world, atMs) < WIND_STOP_MPS;
  const load = works && part < 0.6 ? between(0.5, 5, chance(being.seed, 'load', lift)) : 0;
  const radius = between(5, 50, (1 + wander(being.seed, 'radius', atMs, LIFT_MS)) / 2);
  return [
    {
      ...healthOf(being, atMs),
      load_t: within(load, 0, 500, 3),
      moment_pct: within((load * radius) / 1.6, 0, 95),
      height_m: within(works ? 40 * Math.sin(part * Math.PI) : 0, -100, 1_000, 2),
      radius_m: within(radius, 0, 200, 2),
      slew_deg: within(350 * wander(being.seed, 'slew', atMs, LIFT_MS), -720, 720),
      tilt_deg: within(0.2 + 0.1 * wander(being.seed, 'tilt', atMs, 600_000), 0, 90, 2),
      wind_mps: within(windAt(world, atMs) * 1.4, 0, 120),
    },
  ];
}

function happensAtCrane(being: Being, span: Span, world: World): Happening[] {
  const found: Happening[] = beginning(being, 'fault', span).map(({ fromMs }) => {
    return { atMs: fromMs, type: 'overload', data: { load_t: 6.2, moment_pct: 112 } };
  });
  for (let look = Math.floor(span.fromMs / LOOK_MS) + 1; look * LOOK_MS <= span.toMs; look += 1) {
    const wind = windAt(world, look * LOOK_MS);
    if (wind < WIND_STOP_MPS || windAt(world, (look - 1) * LOOK_MS) >= WIND_STOP_MPS) continue;
    found.push({ atMs: look * LOOK_MS, type: 'wind_stop', data: { wind_mps: within(wind, 0, 120) } });
  }
  return found;
}

export const siteCrane: Model = {
  kind: 'site-crane',
  periodS: 30,
  firmware: ['1.7', '1.8'],
  troubles: ['fault'],
  read: readCrane,
  happen: happensAtCrane,
};

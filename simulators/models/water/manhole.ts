import { type Span, wander, within } from '../chance.ts';
import { batteryOf } from '../health.ts';
import { type Being, beginning, type Happening, type Model, troubleAt, type Values } from '../model.ts';
import { type World, waterAt } from '../world.ts';

const MOVED_DEG = 38;
const FLOODED_MM = 12;

function readManhole(being: Being, atMs: number, world: World): Values[] {
  const isOpen = troubleAt(being, 'tamper', atMs) !== null;
  const water = waterAt(world, atMs);
  return [
    {
      ...batteryOf(being, atMs),
      cover_open: isOpen,
      tilt_deg: isOpen ? MOVED_DEG : within(1 + 0.5 * wander(being.seed, 'tilt', atMs, 3_600_000), 0, 180),
      water: water > FLOODED_MM,
      level_m: within(0.1 + water * 0.04, 0, 20, 2),
      h2s_ppm: within(3 + 2 * wander(being.seed, 'h2s', atMs, 3_600_000), 0, 2_000),
      ch4_pct: within(2 + 2 * wander(being.seed, 'ch4', atMs, 3_600_000), 0, 100),
    },
  ];
}

function happensAtManhole(being: Being, span: Span): Happening[] {
  const moved = beginning(being, 'tamper', span).map(({ fromMs }) => {
    return { atMs: fromMs, type: 'cover_moved', data: { tilt_deg: MOVED_DEG } };
  });
  const back = being.troubles
    .filter(({ what, toMs }) => what === 'tamper' && toMs > span.fromMs && toMs <= span.toMs)
    .map(({ toMs }) => ({ atMs: toMs, type: 'cover_back', data: {} }));
  return [...moved, ...back];
}

export const manhole: Model = {
  kind: 'manhole',
  periodS: 21_600,
  firmware: ['1.0.0', '1.0.3'],
  troubles: ['tamper'],
  read: readManhole,
  happen: happensAtManhole,
};

import { between, chance, type Span, wander, within } from '../chance.ts';
import { areaUntil, levelAt, PEOPLE } from '../day.ts';
import { healthOf } from '../health.ts';
import { type Being, beginning, type Happening, type Model, traitOf, type Values } from '../model.ts';
import { type World, waterAt } from '../world.ts';

const PUMPS = 3;
/** Sewage by day, and the rain on top of it; from each of these on one more pump runs. */
const PER_PUMP = 0.45;

function inflow(world: World, atMs: number): number {
  return 0.7 * levelAt(PEOPLE, atMs) + waterAt(world, atMs) / 20;
}

function readPump(being: Being, pump: number, atMs: number, world: World): Values {
  const running = inflow(world, atMs) > pump * PER_PUMP - 0.2;
  const kw = between(18, 45, chance(being.seed, 'kw')) * (1 + 0.05 * wander(being.seed, `kw-${pump}`, atMs, 300_000));
  return {
    pump,
    running,
    current_a: within(running ? kw * 1.8 : 0, 0, 5_000, 2),
    voltage_v: within(385 + 6 * wander(being.seed, 'voltage', atMs, 300_000), 0, 50_000),
    power_kw: within(running ? kw : 0, 0, 50_000, 2),
    run_h: within((areaUntil(PEOPLE, atMs) / pump) % 90_000, 0, 1_000_000),
    flow_m3h: within(running ? kw * 11 : 0, 0, 1_000_000),
    outlet_kpa: within(running ? 210 : 12, -100, 10_000),
  };
}

function readStation(being: Being, atMs: number, world: World): Values[] {
  const pumps = Array.from({ length: traitOf(being, 'pumps', PUMPS) }, (_, at) => readPump(being, at + 1, atMs, world));
  const sump = 1.2 + inflow(world, atMs) + 0.1 * wander(being.seed, 'sump', atMs, 120_000);
  return [{ ...healthOf(being, atMs), sump_m: within(sump, -20, 100, 3) }, ...pumps];
}

function happensAtStation(being: Being, span: Span): Happening[] {
  return beginning(being, 'fault', span).map(({ fromMs }) => {
    return { atMs: fromMs, type: 'pump_trip', data: { pump: 1, reason: 'overload' } };
  });
}

export const pump: Model = {
  kind: 'pump',
  periodS: 60,
  firmware: ['3.1', '3.2'],
  troubles: ['fault'],
  read: readStation,
  happen: happensAtStation,
};

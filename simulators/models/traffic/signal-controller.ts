import { chance, pick, type Span, wander, wholeBetween, within } from '../chance.ts';
import { levelAt, TRAFFIC } from '../day.ts';
import { healthOf } from '../health.ts';
import { type Being, beginning, type Happening, type Model, traitOf, type Values } from '../model.ts';

const LANES = 4;
const CYCLES_S = [60, 90, 120, 150] as const;

function readLane(being: Being, lane: number, atMs: number): Values {
  const busy = levelAt(TRAFFIC, atMs) * (0.6 + 0.4 * chance(being.seed, 'lane', lane));
  const flow = Math.max(0, 1_500 * busy + 80 * wander(being.seed, `flow-${lane}`, atMs, 120_000));
  return {
    lane,
    flow_vph: within(flow, 0, 10_000),
    occupancy_pct: within(flow / 28, 0, 100),
    speed_kmh: within(55 - flow / 40, 4, 400),
    queue_m: within(busy > 0.7 ? (busy - 0.7) * 400 : 0, 0, 5_000),
  };
}

function readController(being: Being, atMs: number): Values[] {
  const cycleS = pick(CYCLES_S, chance(being.seed, 'cycle'));
  const lanes = Array.from({ length: traitOf(being, 'lanes', LANES) }, (_, lane) => readLane(being, lane, atMs));
  return [
    {
      ...healthOf(being, atMs),
      mode: levelAt(TRAFFIC, atMs) > 0.5 ? 'coordinated' : 'actuated',
      phase: 1 + (Math.floor(atMs / (cycleS * 250)) % 4),
      cycle_s: cycleS,
      cabinet_open: false,
    },
    ...lanes,
  ];
}

function happensAtController(being: Being, span: Span): Happening[] {
  return beginning(being, 'fault', span).map(({ fromMs }) => {
    const lane = wholeBetween(0, 3, chance(being.seed, 'lamp', Math.floor(fromMs / 1_000)));
    return { atMs: fromMs, type: 'lamp_out', data: { lane, colour: 'red' } };
  });
}

export const signalController: Model = {
  kind: 'signal-controller',
  periodS: 60,
  firmware: ['8.1', '8.3'],
  troubles: ['fault'],
  read: readController,
  happen: happensAtController,
};

import { chance, momentsOf, type Span, wander, wholeBetween, within } from '../chance.ts';
import { levelAt, PEOPLE } from '../day.ts';
import { healthOf } from '../health.ts';
import { type Being, type Happening, type Model, traitOf, type Values } from '../model.ts';
import { temperatureAt, type World } from '../world.ts';

const PORTS = 8;
const DAY_MS = 86_400_000;
const FLAPS_PER_DAY = 0.2;
const DOWN_MS = 30_000;
const POE_BUDGET_W = 120;

function readPort(being: Being, port: number, atMs: number): Values {
  const isUsed = chance(being.seed, 'port', port) < 0.75;
  const inMbps = isUsed ? 3.5 + wander(being.seed, `in-${port}`, atMs, 60_000) : 0;
  return {
    port,
    port_up: isUsed,
    port_speed_mbps: isUsed ? 100 : 0,
    port_in_mbps: within(inMbps, 0, 400_000, 3),
    port_out_mbps: within(inMbps * 0.02, 0, 400_000, 3),
    port_errors: Math.floor(40 * chance(being.seed, 'errors', port) ** 6),
    port_poe_w: within(isUsed ? 7 + 2 * chance(being.seed, 'poe', port) : 0, 0, 200),
  };
}

function readSwitch(being: Being, atMs: number, world: World): Values[] {
  const ports = Array.from({ length: traitOf(being, 'ports', PORTS) }, (_, at) => readPort(being, at + 1, atMs));
  const up = ports.filter(({ port_up }) => port_up === true).length;
  const box: Values = {
    ...healthOf(being, atMs),
    uplink_up: true,
    ports_up: up,
    poe_used_w: within(
      ports.reduce((sum, { port_poe_w }) => sum + Number(port_poe_w), 0),
      0,
      10_000,
    ),
    poe_budget_w: POE_BUDGET_W,
    cpu_pct: within(9 + 12 * levelAt(PEOPLE, atMs), 0, 100),
    temp_c: within(temperatureAt(world, atMs) + 18, -60, 125),
  };
  return [box, ...ports];
}

function happensAtSwitch(being: Being, span: Span): Happening[] {
  const odds = { slotMs: DAY_MS, oddsAt: () => FLAPS_PER_DAY };
  const portOf = (atMs: number): number =>
    wholeBetween(1, PORTS, chance(being.seed, 'flap-port', Math.floor(atMs / DAY_MS)));
  const earlier = { fromMs: span.fromMs - DOWN_MS, toMs: span.toMs - DOWN_MS };
  return [
    ...momentsOf(being.seed, 'flap', { span, ...odds }).map((atMs) => ({
      atMs,
      type: 'port_down',
      data: { port: portOf(atMs), reason: 'link lost' },
    })),
    ...momentsOf(being.seed, 'flap', { span: earlier, ...odds }).map((atMs) => ({
      atMs: atMs + DOWN_MS,
      type: 'port_up',
      data: { port: portOf(atMs) },
    })),
  ];
}

export const networkSwitch: Model = {
  kind: 'switch',
  periodS: 60,
  firmware: ['12.1', '12.4'],
  read: readSwitch,
  happen: happensAtSwitch,
};

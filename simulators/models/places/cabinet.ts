import { momentsOf, type Span, wander, within } from '../chance.ts';
import { levelAt, PEOPLE, sunAt } from '../day.ts';
import { healthOf } from '../health.ts';
import { type Being, beginning, type Happening, type Model, troubleAt, type Values } from '../model.ts';
import { humidityAt, temperatureAt, type World } from '../world.ts';

const WEEK_MS = 7 * 86_400_000;
const OPEN_MS = 900_000;

function visits(being: Being, span: Span): number[] {
  return momentsOf(being.seed, 'visit', { span, slotMs: WEEK_MS, oddsAt: () => 0.5 });
}

function readCabinet(being: Being, atMs: number, world: World): Values[] {
  const isOpen = visits(being, { fromMs: atMs - OPEN_MS, toMs: atMs }).length > 0;
  const forced = troubleAt(being, 'tamper', atMs) !== null;
  const warm = temperatureAt(world, atMs) + 9 + 12 * sunAt(atMs);
  return [
    {
      ...healthOf(being, atMs),
      door_open: isOpen || forced,
      mains_v: within(226 + 5 * wander(being.seed, 'mains', atMs, 300_000), 0, 1_000),
      load_a: within(1.4 + 0.9 * levelAt(PEOPLE, atMs), 0, 1_000, 2),
      ups_on_battery: false,
      ups_charge_pct: 100,
      ups_load_pct: within(28 + 6 * wander(being.seed, 'load', atMs, 300_000), 0, 200),
      ups_left_s: 5_400,
      ups_fault: false,
      breaker_tripped: false,
      surge_arrester_ok: true,
      temp_c: within(warm, -60, 125),
      humidity_pct: within(humidityAt(world, atMs) - 20, 0, 100),
      fan_on: warm > 32,
      smoke: troubleAt(being, 'fire', atMs) !== null,
      water: false,
      tilt_deg: within(0.3 + 0.1 * wander(being.seed, 'tilt', atMs, 3_600_000), 0, 180),
    },
  ];
}

function happensAtCabinet(being: Being, span: Span): Happening[] {
  const closed = { fromMs: span.fromMs - OPEN_MS, toMs: span.toMs - OPEN_MS };
  return [
    ...visits(being, span).map((atMs) => ({ atMs, type: 'door_opened', data: { badge: 'T-107' } })),
    ...visits(being, closed).map((atMs) => ({ atMs: atMs + OPEN_MS, type: 'door_closed', data: {} })),
    ...beginning(being, 'tamper', span).map(({ fromMs }) => ({ atMs: fromMs, type: 'door_forced', data: {} })),
    ...beginning(being, 'fire', span).map(({ fromMs }) => ({
      atMs: fromMs,
      type: 'smoke_alarm',
      data: { active: true },
    })),
  ];
}

export const cabinet: Model = {
  kind: 'cabinet',
  periodS: 300,
  firmware: ['2.2.0', '2.3.1'],
  troubles: ['fire', 'tamper'],
  read: readCabinet,
  happen: happensAtCabinet,
};

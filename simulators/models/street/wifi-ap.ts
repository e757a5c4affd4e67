import { chance, momentsOf, pick, type Span, wander, within } from '../chance.ts';
import { levelAt, PEOPLE } from '../day.ts';
import { healthOf } from '../health.ts';
import type { Being, Happening, Model, Values } from '../model.ts';
import { temperatureAt, type World } from '../world.ts';

const CHANNELS = [1, 6, 11, 36, 44, 149] as const;
const LEAVES_PER_HOUR = 0.01;
const HOUR_MS = 3_600_000;
const BACK_AFTER_MS = 20_000;

function readAccessPoint(being: Being, atMs: number, world: World): Values[] {
  const popular = chance(being.seed, 'popular') ** 2;
  const share = Math.max(0, levelAt(PEOPLE, atMs) + 0.15 * wander(being.seed, 'clients', atMs, 900_000));
  const clients = Math.floor(share * (5 + 110 * popular));
  return [
    {
      ...healthOf(being, atMs),
      up: true,
      clients,
      channel: pick(CHANNELS, chance(being.seed, 'channel')),
      channel_load_pct: within(4 + clients * 0.7, 0, 100),
      uplink_mbps: within(clients * (0.3 + 0.2 * wander(being.seed, 'uplink', atMs, 300_000)), 0, 1_000, 2),
      temp_c: within(temperatureAt(world, atMs) + 14, -60, 125),
      mac: macOf(being),
    },
  ];
}

/** Of a range for addresses that nobody was given (the second bit of the first byte says so). */
function macOf({ seed }: Being): string {
  const bytes = [0x02, 0xc1, ...[0, 1, 2, 3].map((at) => Math.floor(256 * chance(seed, 'mac', at)))];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function happensAtAccessPoint(being: Being, span: Span): Happening[] {
  const odds = { slotMs: HOUR_MS, oddsAt: () => LEAVES_PER_HOUR };
  const data = { controller: 'ac-1', reason: 'keepalive timeout' };
  const left = momentsOf(being.seed, 'leaves', { span, ...odds });
  const earlier = { fromMs: span.fromMs - BACK_AFTER_MS, toMs: span.toMs - BACK_AFTER_MS };
  const back = momentsOf(being.seed, 'leaves', { span: earlier, ...odds });
  return [
    ...left.map((atMs) => ({ atMs, type: 'controller_left', data })),
    ...back.map((atMs) => ({ atMs: atMs + BACK_AFTER_MS, type: 'controller_joined', data: { controller: 'ac-1' } })),
  ];
}

export const wifiAp: Model = {
  kind: 'wifi-ap',
  periodS: 300,
  firmware: ['2.1.4', '2.2.0'],
  read: readAccessPoint,
  happen: happensAtAccessPoint,
};

import { between, chance, wander, within } from './chance.ts';
import type { Being, Values } from './model.ts';

const DAY_MS = 86_400_000;

/** How a device is that hangs on the mains: fields of `_health`. */
export function healthOf(being: Being, atMs: number): Values {
  return {
    mains: true,
    battery_pct: 100,
    rssi_dbm: signalOf(being, atMs),
    uptime_s: uptimeOf(being, atMs),
  };
}

/** How a device is that lives on a battery, which lasts for years. */
export function batteryOf(being: Being, atMs: number): Values {
  const years = between(3, 6, chance(being.seed, 'battery'));
  const used = (atMs / (years * 365 * DAY_MS) + chance(being.seed, 'battery-phase')) % 1;
  return {
    battery_pct: within(100 - 92 * used, 0, 100),
    rssi_dbm: signalOf(being, atMs),
    uptime_s: uptimeOf(being, atMs),
  };
}

export function signalOf(being: Being, atMs: number): number {
  return within(-62 - 30 * chance(being.seed, 'rssi') + 3 * wander(being.seed, 'rssi', atMs, 600_000), -150, 0, 0);
}

/** Every few weeks it starts again. */
function uptimeOf(being: Being, atMs: number): number {
  const lifeMs = between(14, 60, chance(being.seed, 'life')) * DAY_MS;
  return Math.floor(((atMs + chance(being.seed, 'life-phase') * lifeMs) % lifeMs) / 1_000);
}

import { between, chance, type Span, wander } from './chance.ts';
import { hourOf, sunAt } from './day.ts';

/** Heavy rain over the whole city. */
export interface Storm extends Span {
  /** At its height, in the middle. */
  peakMmh: number;
}

/** What all devices of a city have in common: its weather, and where it lies. */
export interface World {
  seed: number;
  lat: number;
  lon: number;
  /** Prefix of most number plates there, such as 浙B. */
  home: string;
  /** Beside those that come by chance. */
  storms: readonly Storm[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** One day in five has a storm of its own. */
const STORM_SHARE = 0.2;
/** How long water stays in streets and channels. */
const DRAIN_MS = 50 * 60_000;
const DRAIN_STEPS = 12;
const DRAIN_STEP_MS = 10 * 60_000;

function stormOf(seed: number, day: number): Storm | null {
  if (chance(seed, 'storm', day) >= STORM_SHARE) return null;
  const fromMs = day * DAY_MS + Math.floor(chance(seed, 'storm-from', day) * 18) * HOUR_MS;
  const toMs = fromMs + Math.floor(between(1, 5, chance(seed, 'storm-hours', day)) * HOUR_MS);
  return { fromMs, toMs, peakMmh: between(15, 70, chance(seed, 'storm-peak', day)) };
}

function strength({ fromMs, toMs, peakMmh }: Storm, atMs: number): number {
  if (atMs <= fromMs || atMs >= toMs) return 0;
  return peakMmh * Math.sin(((atMs - fromMs) / (toMs - fromMs)) * Math.PI);
}

/** Rain in mm/h: 0 on most days, a drizzle on some, and storms. */
export function rainAt(world: World, atMs: number): number {
  const drizzle = Math.max(0, wander(world.seed, 'drizzle', atMs, 3 * HOUR_MS) - 0.45) * 5;
  const own = stormOf(world.seed, Math.floor(atMs / DAY_MS));
  let rain = drizzle + (own ? strength(own, atMs) : 0);
  for (const storm of world.storms) rain += strength(storm, atMs);
  return rain;
}

/** Water that has not run off yet, in mm: it rises some time after the rain, and falls after it. */
export function waterAt(world: World, atMs: number): number {
  let water = 0;
  for (let step = 0; step < DRAIN_STEPS; step += 1) {
    const agoMs = step * DRAIN_STEP_MS;
    const fallen = (rainAt(world, atMs - agoMs) * DRAIN_STEP_MS) / HOUR_MS;
    water += fallen * Math.exp(-agoMs / DRAIN_MS);
  }
  return water;
}

export function temperatureAt(world: World, atMs: number): number {
  const base = 17 + 8 * wander(world.seed, 'season', atMs, 30 * DAY_MS);
  const day = 4 * Math.sin(((hourOf(atMs) - 9) / 12) * Math.PI);
  return base + day + 2 * wander(world.seed, 'weather', atMs, 7 * HOUR_MS) - Math.min(5, rainAt(world, atMs) * 0.1);
}

export function windAt(world: World, atMs: number): number {
  const calm = 3 + 2.5 * wander(world.seed, 'wind', atMs, 2 * HOUR_MS);
  return Math.max(0, calm + sunAt(atMs) + Math.min(12, rainAt(world, atMs) * 0.2));
}

export function windFrom(world: World, atMs: number): number {
  return (180 + 170 * wander(world.seed, 'wind-from', atMs, 5 * HOUR_MS)) % 360;
}

export function humidityAt(world: World, atMs: number): number {
  return (
    68 + 14 * wander(world.seed, 'humidity', atMs, 4 * HOUR_MS) - 10 * sunAt(atMs) + Math.min(25, rainAt(world, atMs))
  );
}

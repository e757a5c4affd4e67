import { chance, momentsOf, type Span, within } from '../chance.ts';
import { isNight } from '../day.ts';
import { healthOf } from '../health.ts';
import type { Being, Happening, Model, Values } from '../model.ts';
import { temperatureAt, type World } from '../world.ts';

const WEEK_MS = 7 * 86_400_000;
const HOUR_MS = 3_600_000;

/** When it was tested in this week, or in the one before. */
function testedAt(being: Being, atMs: number): number {
  const span = { fromMs: atMs - 2 * WEEK_MS, toMs: atMs };
  return momentsOf(being.seed, 'tested', { span, slotMs: WEEK_MS, oddsAt: () => 1 }).at(-1) ?? atMs - WEEK_MS;
}

function readLoudspeaker(being: Being, atMs: number, world: World): Values[] {
  return [
    {
      ...healthOf(being, atMs),
      up: true,
      playing: false,
      volume_pct: isNight(atMs) ? 40 : 75,
      tested_h: within((atMs - testedAt(being, atMs)) / HOUR_MS, 0, 100_000),
      temp_c: within(temperatureAt(world, atMs) + 6, -60, 125),
    },
  ];
}

function happensAtLoudspeaker(being: Being, span: Span): Happening[] {
  return momentsOf(being.seed, 'tested', { span, slotMs: WEEK_MS, oddsAt: () => 1 }).map((atMs) => {
    const week = Math.floor(atMs / WEEK_MS);
    const heard = chance(being.seed, 'heard', week) < 0.97;
    return { atMs, type: 'tested', data: { heard, level_db: heard ? 82 : 31 } };
  });
}

export const loudspeaker: Model = {
  kind: 'loudspeaker',
  periodS: 300,
  firmware: ['2.3.0', '2.3.1'],
  read: readLoudspeaker,
  happen: happensAtLoudspeaker,
};

import { between, chance, type Span, within } from '../chance.ts';
import { levelAt, PEOPLE } from '../day.ts';
import { batteryOf } from '../health.ts';
import type { Being, Happening, Model, Values } from '../model.ts';
import { temperatureAt, type World } from '../world.ts';

/** Whether somebody stands there is decided anew each so long, which differs from bay to bay. */
function slotMsOf(being: Being): number {
  return Math.floor(between(20, 70, chance(being.seed, 'stay')) * 60_000);
}

function isTaken(being: Being, slot: number): boolean {
  return chance(being.seed, 'taken', slot) < 0.15 + 0.8 * levelAt(PEOPLE, slot * slotMsOf(being));
}

/** The slot in which it became as it is; a bay that does not change for a month has a sensor that does not work. */
function sinceSlot(being: Being, slot: number): number {
  let since = slot;
  while (slot - since < 1_500 && isTaken(being, since - 1) === isTaken(being, slot)) since -= 1;
  return since;
}

function readBay(being: Being, atMs: number, world: World): Values[] {
  const slotMs = slotMsOf(being);
  const slot = Math.floor(atMs / slotMs);
  return [
    {
      ...batteryOf(being, atMs),
      occupied: isTaken(being, slot),
      unchanged_s: Math.floor((atMs - sinceSlot(being, slot) * slotMs) / 1_000),
      temp_c: within(temperatureAt(world, atMs) + 4, -60, 125),
    },
  ];
}

function happensAtBay(being: Being, span: Span): Happening[] {
  const slotMs = slotMsOf(being);
  const found: Happening[] = [];
  for (let slot = Math.floor(span.fromMs / slotMs) + 1; slot * slotMs <= span.toMs; slot += 1) {
    const taken = isTaken(being, slot);
    if (taken === isTaken(being, slot - 1)) continue;
    const stoodS = Math.floor(((slot - sinceSlot(being, slot - 1)) * slotMs) / 1_000);
    const data: Values = taken ? {} : { parked_s: stoodS };
    found.push({ atMs: slot * slotMs, type: taken ? 'arrived' : 'left', data });
  }
  return found;
}

export const parkingBay: Model = {
  kind: 'parking-bay',
  periodS: 300,
  firmware: ['1.4', '1.5'],
  read: readBay,
  happen: happensAtBay,
};

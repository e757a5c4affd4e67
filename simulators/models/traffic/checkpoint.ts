import { inventPlate, type Plate, vehicleClassOf } from '../../checkpoint/plates.ts';
import { between, chance, momentsOf, pick, type Span, wander, within } from '../chance.ts';
import { isNight, levelAt, TRAFFIC } from '../day.ts';
import { type Being, beginning, type Happening, type Model, traitOf, type Values } from '../model.ts';
import { temperatureAt, type World } from '../world.ts';

/** In each second at most one vehicle passes a lane. */
const SLOT_MS = 1_000;
/** Of a working day at one checkpoint, over all of its lanes. */
const PASSAGES_PER_DAY = 20_000;
const CURVE_HOURS = 12;
const UNREAD_SHARE = 0.015;
const LIMIT_KMH = 60;
const LANES = 4;
const COLOURS = ['white', 'black', 'grey', 'silver', 'blue', 'red'] as const;

function perSecond(being: Being, atMs: number): number {
  const daily = traitOf(being, 'passagesPerDay', PASSAGES_PER_DAY);
  return (daily / 86_400) * (24 / CURVE_HOURS) * levelAt(TRAFFIC, atMs);
}

function readCheckpoint(being: Being, atMs: number, world: World): Values[] {
  const lanes = traitOf(being, 'lanes', LANES);
  const spread = 1 + 0.1 * wander(being.seed, 'flow', atMs, 60_000);
  return [
    {
      lanes_up: lanes,
      passages_per_min: within(60 * perSecond(being, atMs) * spread, 0, 2_000),
      recognised_pct: within(98.5 + wander(being.seed, 'recognised', atMs, 600_000), 0, 100),
      night_lamp: isNight(atMs),
      storage_used_pct: within(60 + 20 * wander(being.seed, 'storage', atMs, 86_400_000), 0, 100),
      unsent: 0,
      clock_skew_s: within(0.05 * wander(being.seed, 'skew', atMs, 300_000), -5, 5, 3),
      temp_c: within(temperatureAt(world, atMs) + 15, -60, 125),
      mains: true,
    },
  ];
}

/** A source of chance for code that asks for one number after the other. */
function randomOf(seed: number, topic: string, step: number): () => number {
  let asked = 0;
  return () => {
    asked += 1;
    return chance(seed ^ Math.imul(asked, 0x45d9f3b), topic, step);
  };
}

function passage(seen: Plate | null, lane: number, random: () => number): Values {
  const plate: Values = seen
    ? { plate: seen.text, plateColor: seen.color, plateConfidence: within(between(0.9, 0.999, random()), 0, 1, 3) }
    : { plateColor: 'unknown' };
  return {
    ...plate,
    lane,
    speedKmh: within(LIMIT_KMH * between(0.5, 1.15, (random() + random()) / 2), 5, 400, 0),
    direction: lane % 2 === 0 ? 'outbound' : 'inbound',
    vehicleClass: seen ? vehicleClassOf(seen, random) : 'unknown',
    vehicleColor: pick(COLOURS, random()),
  };
}

function happensAtCheckpoint(being: Being, span: Span, world: World): Happening[] {
  const lanes = traitOf(being, 'lanes', LANES);
  const found: Happening[] = [];
  for (let lane = 1; lane <= lanes; lane += 1) {
    const topic = `lane-${lane}`;
    const oddsAt = (atMs: number): number => Math.min(1, perSecond(being, atMs) / lanes);
    for (const atMs of momentsOf(being.seed, topic, { span, slotMs: SLOT_MS, oddsAt })) {
      const random = randomOf(being.seed, topic, Math.floor(atMs / SLOT_MS));
      const seen = random() < UNREAD_SHARE ? null : inventPlate(world.home, random);
      found.push({ atMs, type: 'passage', data: passage(seen, lane, random) });
    }
  }
  for (const { fromMs, plate } of beginning(being, 'wanted', span)) {
    const random = randomOf(being.seed, 'wanted', Math.floor(fromMs / SLOT_MS));
    const seen: Plate = { text: plate ?? `${world.home}00000`, color: 'blue' };
    found.push({ atMs: fromMs, type: 'passage', data: passage(seen, 1, random) });
  }
  return found;
}

export const checkpoint: Model = {
  kind: 'checkpoint',
  periodS: 60,
  firmware: ['5.18.0', '5.20.1'],
  troubles: ['wanted'],
  read: readCheckpoint,
  happen: happensAtCheckpoint,
};

import { between, chance, momentsOf, pick, type Span, wander, within } from '../chance.ts';
import { areaUntil, levelAt, PEOPLE } from '../day.ts';
import { signalOf } from '../health.ts';
import { type Being, beginning, type Happening, type Model, traitOf, troubleAt, type Values } from '../model.ts';
import { temperatureAt, type World } from '../world.ts';

const BINS = ['paper', 'plastic', 'metal', 'textile'] as const;
type Bin = (typeof BINS)[number];

/** Kilograms that fill a bin. */
const CAPACITY_KG: Record<Bin, number> = { paper: 120, plastic: 45, metal: 60, textile: 80 };
const DAY_MS = 86_400_000;
const DEPOSITS_PER_DAY = 50;
const SLOT_MS = 60_000;
const CELLS = 40;

/** The lorry comes each so many days, always at the same hour of a kiosk's own. */
function emptiedAt(being: Being, atMs: number): number {
  const everyMs = Math.floor(between(1, 3.5, chance(being.seed, 'emptied-every')) * DAY_MS);
  const phaseMs = Math.floor(chance(being.seed, 'emptied-phase') * everyMs);
  return Math.floor((atMs - phaseMs) / everyMs) * everyMs + phaseMs;
}

/**
 * People bring more by day than at night, so a bin fills as the hours of people add up. It is never full by itself:
 * people find another kiosk before, and being full is a trouble of its own.
 */
function fillOf(being: Being, bin: Bin, atMs: number): number {
  const sinceMs = emptiedAt(being, atMs);
  const brought = areaUntil(PEOPLE, atMs) - areaUntil(PEOPLE, sinceMs);
  const perHour = between(0.9, 2.2, chance(being.seed, `fill-${bin}`));
  return 2 + Math.min(83, perHour * brought);
}

function readKiosk(being: Being, atMs: number, world: World): Values[] {
  const fire = troubleAt(being, 'fire', atMs);
  const isFull = troubleAt(being, 'full', atMs) !== null;
  const fill = (bin: Bin): number => (bin === 'paper' && isFull ? 96 : fillOf(being, bin, atMs));
  const heat = fire ? Math.min(150, 70 + (atMs - fire.fromMs) / 1_000) : 0;
  const weightKg = BINS.reduce((sum, bin) => sum + (fill(bin) / 100) * CAPACITY_KG[bin], 0);
  const parcels = levelAt(PEOPLE, atMs) * between(0.3, 0.9, chance(being.seed, 'parcels'));
  return [
    {
      fill_pct: within(Math.max(...BINS.map(fill)), 0, 100),
      fill_paper_pct: within(fill('paper'), 0, 100),
      fill_plastic_pct: within(fill('plastic'), 0, 100),
      fill_metal_pct: within(fill('metal'), 0, 100),
      fill_textile_pct: within(fill('textile'), 0, 100),
      weight_kg: within(weightKg, 0, 5_000),
      temp_c: within(temperatureAt(world, atMs) + 3 + heat, -60, 300),
      smoke: fire !== null,
      door_open: false,
      tilt_deg: within(0.4 + 0.3 * wander(being.seed, 'tilt', atMs, 900_000), 0, 180),
      mains: true,
      battery_pct: 100,
      rssi_dbm: signalOf(being, atMs),
      cells_free: Math.round(traitOf(being, 'cells', CELLS) * (1 - parcels)),
      network: chance(being.seed, 'network') < 0.8 ? 'cellular' : 'ethernet',
    },
  ];
}

function happensAtKiosk(being: Being, span: Span): Happening[] {
  const deposits = momentsOf(being.seed, 'deposit', {
    span,
    slotMs: SLOT_MS,
    oddsAt: (atMs) => (DEPOSITS_PER_DAY / 1_440) * 2 * levelAt(PEOPLE, atMs),
  }).map((atMs) => {
    const slot = Math.floor(atMs / SLOT_MS);
    const bin = pick(BINS, chance(being.seed, 'deposit-bin', slot));
    const weight = CAPACITY_KG[bin] * between(0.005, 0.04, chance(being.seed, 'deposit-kg', slot));
    const items = 1 + Math.floor(6 * chance(being.seed, 'deposit-items', slot));
    return { atMs, type: 'deposit', data: { bin, weight_kg: within(weight, 0, 200, 2), items } };
  });
  const lorryMs = emptiedAt(being, span.toMs);
  const emptied = lorryMs > span.fromMs ? [{ atMs: lorryMs, type: 'emptied', data: { weight_kg: 90 } }] : [];
  const full = beginning(being, 'full', span).map(({ fromMs }) => {
    return { atMs: fromMs, type: 'full', data: { bin: 'paper', fill_pct: 96 } };
  });
  return [...deposits, ...emptied, ...full];
}

export const kiosk: Model = {
  kind: 'recycling-kiosk',
  periodS: 60,
  firmware: ['3.8', '3.10', '3.11-rc2'],
  troubles: ['fire', 'full'],
  read: readKiosk,
  happen: happensAtKiosk,
};

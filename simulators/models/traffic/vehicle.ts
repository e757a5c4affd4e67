import { between, chance, momentsOf, type Span, wander, within } from '../chance.ts';
import { areaUntil, type DayCurve, levelAt, PEOPLE, TRAFFIC, WORK } from '../day.ts';
import { signalOf } from '../health.ts';
import { type Being, beginning, type Happening, type Model, type Values } from '../model.ts';
import { placeAt, roundOf } from './roads.ts';

/** When vehicles of a class are on the road, and how fast at the best of times. */
const CLASSES: Record<string, { curve: DayCurve; kmh: number }> = {
  bus: { curve: TRAFFIC, kmh: 32 },
  taxi: { curve: PEOPLE, kmh: 48 },
  coach: { curve: WORK, kmh: 75 },
  freight: { curve: WORK, kmh: 55 },
  hazmat: { curve: WORK, kmh: 45 },
  official: { curve: WORK, kmh: 45 },
  other: { curve: TRAFFIC, kmh: 40 },
};

const LIMIT_KMH = 60;
const DAY_MS = 86_400_000;
const SLOT_MS = 300_000;
const OVERSPEEDS_PER_DAY = 0.8;

function classOf(being: Being): string {
  const given = String(being.traits.class ?? 'bus');
  return given in CLASSES ? given : 'other';
}

/** How fast it goes follows the day of its class; the way is what has come together of that: they never disagree. */
function drive(being: Being, atMs: number) {
  const name = classOf(being);
  const { curve, kmh } = CLASSES[name] ?? { curve: TRAFFIC, kmh: 40 };
  const best = kmh * between(0.8, 1.15, chance(being.seed, 'pace'));
  const speedKmh = best * levelAt(curve, atMs);
  return { name, speedKmh, goneKm: best * areaUntil(curve, atMs) };
}

function readVehicle(being: Being, atMs: number): Values[] {
  const { name, speedKmh, goneKm } = drive(being, atMs);
  const place = placeAt(roundOf(being.seed, being), goneKm * 1_000);
  const tankKm = between(350, 600, chance(being.seed, 'tank'));
  const acc = speedKmh > 0.5;
  return [
    {
      lat: within(place.lat, -90, 90, 6),
      lon: within(place.lon, -180, 180, 6),
      speed_kmh: within(speedKmh, 0, 400),
      heading_deg: place.headingDeg,
      altitude_m: within(30 + 20 * wander(being.seed, 'altitude', atMs, 600_000), -500, 9_000),
      acc,
      mileage_km: within(goneKm % 900_000, 0, 10_000_000),
      satellites: Math.round(11 + 4 * wander(being.seed, 'satellites', atMs, 60_000)),
      fuel_pct: within(100 - (85 * (goneKm % tankKm)) / tankKm, 0, 100),
      voltage_v: within((acc ? 27.4 : 25) + 0.3 * wander(being.seed, 'voltage', atMs, 60_000), 0, 60, 2),
      class: name,
      rssi_dbm: signalOf(being, atMs),
      imei: imeiOf(being),
    },
  ];
}

/** 15 digits of a range for tests. */
function imeiOf({ seed }: Being): string {
  return `00101${Math.floor(chance(seed, 'imei') * 1e10)
    .toString()
    .padStart(10, '0')}`;
}

function happensToVehicle(being: Being, span: Span): Happening[] {
  const where = (atMs: number): Values => {
    const [{ lat = 0, lon = 0 } = {}] = readVehicle(being, atMs);
    return { lat, lon };
  };
  const oddsAt = (atMs: number): number => {
    const { speedKmh } = drive(being, atMs);
    return speedKmh > 20 ? (OVERSPEEDS_PER_DAY * SLOT_MS) / DAY_MS : 0;
  };
  const tooFast = momentsOf(being.seed, 'overspeed', { span, slotMs: SLOT_MS, oddsAt }).map((atMs) => {
    const over = between(5, 25, chance(being.seed, 'over', Math.floor(atMs / SLOT_MS)));
    return { atMs, type: 'overspeed', data: { speed_kmh: within(LIMIT_KMH + over, 0, 400), limit_kmh: LIMIT_KMH } };
  });
  const calls = beginning(being, 'sos', span).map(({ fromMs }) => {
    return { atMs: fromMs, type: 'sos', data: where(fromMs) };
  });
  return [...tooFast, ...calls];
}

export const vehicle: Model = {
  kind: 'vehicle',
  periodS: 30,
  firmware: ['1.3.7', '1.4.0', '2.0.0'],
  troubles: ['sos'],
  read: readVehicle,
  happen: happensToVehicle,
};

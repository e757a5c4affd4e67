import type { Sender } from '../devices/packets.ts';
import type { Befallen } from '../fleet/ledger-lines.ts';
import type { Speech } from '../links/link.ts';
import { chance, type Span, seedOf } from '../models/chance.ts';
import type { Being, Model, Trouble, Values } from '../models/model.ts';
import { MODELS } from '../models/models.ts';
import type { Storm, World } from '../models/world.ts';
import { type CityFile, CityFileError, type FleetFile, type Happening } from './city-file.ts';

/** A device of a city, complete but for the secret that a gateway gives it. */
export interface Citizen {
  fleet: string;
  sender: Sender;
  speech: Speech;
  name: string;
  district: string;
  parent: string | null;
}

/** A city as it is simulated: the same for the same file, seed, scale and beginning. */
export interface SimulatedCity {
  world: World;
  citizens: readonly Citizen[];
  /** What befalls whom, in Unix ms. */
  befallen: readonly Befallen[];
  /** Plates that are looked for. */
  plates: readonly string[];
  /** Messages a second on an ordinary day, without events. */
  messagesPerS: number;
}

export interface CityChoice {
  seed: number;
  /** Of the quantities of the file, more than 0; each fleet keeps at least one device. */
  scale: number;
  prefix: string;
  /** When the timeline begins, Unix ms. */
  beginAtMs: number;
}

const METRES_PER_DEGREE = 111_320;
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** The centre of a round town is denser than its edge. */
const DENSITY = 0.7;

/** Builds a city. Throws {@link CityFileError} where scale or prefix make no city. */
export function buildCity(file: CityFile, choice: CityChoice): SimulatedCity {
  const { seed, scale, prefix } = choice;
  if (!(scale > 0)) throw new CityFileError('--scale is more than 0');
  const counts = new Map(file.fleets.map((one) => [one.name, Math.max(1, Math.round(one.count * scale))]));
  const citizens = file.fleets.flatMap((fleet) =>
    Array.from({ length: counts.get(fleet.name) ?? 0 }, (_, index) =>
      citizenOf(file, fleet, { ...choice, index, counts }),
    ),
  );
  const wrong = citizens.find(({ sender }) => !ID.test(sender.being.id));
  if (wrong) throw new CityFileError(`--prefix ${prefix}: ${wrong.sender.being.id} is no id of a device`);
  const { befallen, storms } = happen(file.timeline, citizens, choice);
  const { lat, lon } = file.middle;
  const plates = file.timeline.flatMap((one) => ('plate' in one && one.plate ? [one.plate] : []));
  return {
    world: { seed, lat, lon, home: file.home, storms },
    citizens,
    befallen,
    plates: [...new Set(plates)],
    messagesPerS: citizens.reduce((sum, { sender }) => sum + perSecond(sender), 0),
  };
}

/** Readings of one moment that go out as messages of their own: a lane, a pump. */
function perSecond({ model, being, periodS }: Sender): number {
  const world: World = { seed: 1, lat: 0, lon: 0, home: '京A', storms: [] };
  return model.read(being, 0, world).length / periodS;
}

interface Place extends CityChoice {
  index: number;
  counts: ReadonlyMap<string, number>;
}

function citizenOf(file: CityFile, fleet: FleetFile, { seed, prefix, index, counts }: Place): Citizen {
  const model = MODELS.get(fleet.kind) as Model;
  const idOf = (of: string, at: number): string => `${prefix}${of}-${String(at + 1).padStart(5, '0')}`;
  const parents = fleet.under === undefined ? 0 : (counts.get(fleet.under) ?? 0);
  const parentAt = parents === 0 ? null : Math.floor((index * parents) / (counts.get(fleet.name) ?? 1));
  const id = idOf(fleet.name, index);
  // Without the prefix: the same city is the same under another one.
  const own = seed ^ seedOf(`${fleet.name}-${index}`);
  const placed = parentAt === null ? own : seed ^ seedOf(`${fleet.under}-${parentAt}`);
  const traits: Values = { ...fleet.traits };
  if (fleet.mix) traits[fleet.mix.trait] = mixed(fleet.mix.shares, chance(own, 'mix'));
  const being: Being = { id, seed: own, ...placeOf(file, placed), troubles: [], traits };
  return {
    fleet: fleet.name,
    sender: { being, model, habits: fleet.habits, periodS: fleet.periodS ?? model.periodS, dark: [] },
    speech: fleet.speech,
    name: `${file.title.en} ${fleet.name} ${index + 1}`,
    district: file.districts[Math.floor(chance(placed, 'district') * file.districts.length)] as string,
    parent: parentAt === null ? null : idOf(fleet.under as string, parentAt),
  };
}

function placeOf({ middle }: CityFile, seed: number): { lat: number; lon: number } {
  const far = middle.radiusKm * 1_000 * chance(seed, 'far') ** DENSITY;
  const turn = 2 * Math.PI * chance(seed, 'turn');
  const lat = middle.lat + (far * Math.cos(turn)) / METRES_PER_DEGREE;
  const lon = middle.lon + (far * Math.sin(turn)) / (METRES_PER_DEGREE * Math.cos((middle.lat * Math.PI) / 180));
  return { lat: Math.round(lat * 1e6) / 1e6, lon: Math.round(lon * 1e6) / 1e6 };
}

function mixed(shares: Record<string, number>, part: number): string {
  const all = Object.entries(shares);
  const total = all.reduce((sum, [, weight]) => sum + weight, 0);
  let left = part * total;
  for (const [value, weight] of all) {
    left -= weight;
    if (left < 0) return value;
  }
  return all.at(-1)?.[0] ?? '';
}

/** Lets the timeline befall devices: puts troubles and dark hours into them, and says what was done to whom. */
function happen(timeline: readonly Happening[], citizens: readonly Citizen[], choice: CityChoice) {
  const befallen: Befallen[] = [];
  const storms: Storm[] = [];
  for (const [at, one] of timeline.entries()) {
    const fromMs = Math.round(choice.beginAtMs + one.atS * 1_000);
    const span: Span = { fromMs, toMs: fromMs + Math.round(one.forS * 1_000) };
    if (one.do === 'storm') {
      storms.push({ ...span, peakMmh: one.peakMmh });
      befallen.push({ what: 'storm', device: null, district: null, ...span, alertWithinMs: null });
    } else if (one.do === 'power-cut') {
      for (const { sender, district } of citizens) if (district === one.district) darken(sender, span);
      befallen.push({ what: 'power-cut', device: null, district: one.district, ...span, alertWithinMs: null });
    } else {
      const trouble: Trouble = { what: one.do, ...span };
      if (one.plate !== undefined) trouble.plate = one.plate;
      for (const { sender } of chosen(citizens, one, choice.seed + at)) {
        sender.being.troubles = [...sender.being.troubles, trouble];
        const alertWithinMs = one.alertWithinS === undefined ? null : one.alertWithinS * 1_000;
        befallen.push({ what: one.do, device: sender.being.id, district: null, ...span, alertWithinMs });
      }
    }
  }
  return { befallen, storms };
}

function darken(sender: Sender, span: Span): void {
  sender.dark = [...sender.dark, span];
}

/** Devices of a fleet that something befalls: as many as are said, or as there are in a city made smaller. */
function chosen(citizens: readonly Citizen[], one: Extract<Happening, { fleet: string }>, seed: number): Citizen[] {
  return citizens
    .filter(({ fleet }) => fleet === one.fleet)
    .map((citizen, index) => ({ citizen, order: chance(seed, 'chosen', index) }))
    .sort((a, b) => a.order - b.order)
    .slice(0, one.count)
    .map(({ citizen }) => citizen);
}

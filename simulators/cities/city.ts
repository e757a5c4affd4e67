import { outageAt } from '../devices/habits.ts';
import { BACK_WITHIN_MS, type Sender } from '../devices/packets.ts';
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
  /** What is done to the gateway, to the way to it, and by strangers. */
  faults: readonly FaultPlan[];
  /** Plates that are looked for. */
  plates: readonly string[];
  /** Messages a second on an ordinary day, without events. */
  messagesPerS: number;
}

type FaultHappening = Extract<Happening, { do: 'stop' | 'kill' | 'network' | 'fill-disk' | 'attack' | 'swap' }>;

/** A fault of the timeline, and which devices it means. */
export interface FaultPlan extends Span {
  what: string;
  doing: FaultHappening;
  devices: readonly string[];
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
  const { befallen, storms, faults } = happen(file.timeline, citizens, choice);
  const senders = new Map(citizens.map(({ sender }) => [sender.being.id, sender]));
  const { lat, lon } = file.middle;
  const plates = file.timeline.flatMap((one) => ('plate' in one && one.plate ? [one.plate] : []));
  return {
    world: { seed, lat, lon, home: file.home, storms },
    citizens,
    befallen: befallen.map((one) => ({ ...one, ...whenSaid(one, senders.get(one.device ?? '')) })),
    faults,
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
  const faults: FaultPlan[] = [];
  for (const [at, one] of timeline.entries()) {
    const fromMs = Math.round(choice.beginAtMs + one.atS * 1_000);
    const span: Span = { fromMs, toMs: fromMs + Math.round(('forS' in one ? one.forS : 0) * 1_000) };
    const of = { ...UNTOLD, ...span };
    const some = 'fleet' in one ? chosen(citizens, one, choice.seed + at) : [];
    if (isFault(one)) {
      const devices = some.map(({ sender }) => sender.being.id);
      const plan = { ...span, what: nameOf(one), doing: one, devices };
      faults.push(plan);
      if (devices.length > 0) befallen.push(...devices.map((device) => ({ ...of, what: plan.what, device })));
      else befallen.push({ ...of, what: plan.what, district: one.do === 'network' ? one.district : null });
    } else if (one.do === 'storm') {
      storms.push({ ...span, peakMmh: one.peakMmh });
      befallen.push({ ...of, what: 'storm' });
    } else if (one.do === 'power-cut') {
      for (const { sender, district } of citizens) if (district === one.district) darken(sender, span);
      befallen.push({ ...of, what: 'power-cut', district: one.district });
    } else {
      const trouble: Trouble = { what: one.do, ...span };
      if (one.plate !== undefined) trouble.plate = one.plate;
      const [alertWithinMs, clearWithinMs] = [one.alertWithinS, one.clearWithinS].map(millisecondsOf) as Within;
      for (const { sender } of some) {
        sender.being.troubles = [...sender.being.troubles, trouble];
        befallen.push({ ...of, what: one.do, device: sender.being.id, alertWithinMs, clearWithinMs });
      }
    }
  }
  return { befallen, storms, faults };
}

const UNTOLD = {
  device: null,
  district: null,
  alertWithinMs: null,
  clearWithinMs: null,
  saidMs: null,
  overSaidMs: null,
};

/**
 * Of what befalls a device without power or network nobody can hear before it has them again. What is over by then it
 * tells of as something past: a gateway may make an alert of that or not.
 */
function whenSaid({ fromMs, toMs, ...one }: Befallen, sender: Sender | undefined): Partial<Befallen> {
  if (!sender || one.alertWithinMs === null) return {};
  const [saidMs, overSaidMs] = [fromMs, toMs].map((atMs) => backAt(sender, atMs)) as [number | null, number | null];
  const isPast = saidMs !== null && saidMs >= toMs;
  return { saidMs, overSaidMs, ...(isPast && { alertWithinMs: null, clearWithinMs: null }) };
}

/** When a device that is away at a moment has told what it kept; null where it is not away. */
function backAt({ being, habits, dark }: Sender, atMs: number): number | null {
  let backMs = atMs;
  for (;;) {
    const away = outageAt(being.seed, habits, backMs, dark);
    if (away === null) return backMs === atMs ? null : backMs + BACK_WITHIN_MS;
    backMs = away.toMs;
  }
}

type Within = [number | null, number | null];

function millisecondsOf(seconds: number | undefined): number | null {
  return seconds === undefined ? null : seconds * 1_000;
}

function isFault(one: Happening): one is FaultHappening {
  return ['stop', 'kill', 'network', 'fill-disk', 'attack', 'swap'].includes(one.do);
}

/** What stands in the ledger; the judge knows faults of the gateway's ground by the first word. */
function nameOf(one: FaultHappening): string {
  if (one.do === 'stop' || one.do === 'kill') return `${one.do} ${one.program}`;
  return one.do === 'network' ? `network ${one.fault}` : one.do;
}

function darken(sender: Sender, span: Span): void {
  sender.dark = [...sender.dark, span];
}

/** Devices of a fleet that something befalls: as many as are said, or as there are in a city made smaller. */
function chosen(citizens: readonly Citizen[], one: { fleet: string; count: number }, seed: number): Citizen[] {
  return citizens
    .filter(({ fleet }) => fleet === one.fleet)
    .map((citizen, index) => ({ citizen, order: chance(seed, 'chosen', index) }))
    .sort((a, b) => a.order - b.order)
    .slice(0, one.count)
    .map(({ citizen }) => citizen);
}

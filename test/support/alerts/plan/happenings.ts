import { HOUR_MS } from '../../../../src/core/clock.ts';
import { wholeBetween } from '../../../../src/core/random.ts';
import { randomFrom } from '../../time/random.ts';

/** What it is: a matter of the police, nothing at all, or a matter of whoever looks after the device. */
export type Truth = 'incident' | 'false' | 'fault';

/** Something that happens, with the devices that tell of it and of nothing else. */
export interface Happening {
  id: string;
  what: string;
  truth: Truth;
  /** When it begins, Unix ms. */
  atMs: number;
  devices: string[];
}

/** What a device sends. */
export interface Sent {
  atMs: number;
  device: string;
  kind: string;
  channel: 'telemetry' | 'event';
  payload: Readonly<Record<string, unknown>>;
}

/** Events of some hours, with the truth about each. The same seed gives the same set. */
export interface EventSet {
  name: string;
  seed: number;
  fromMs: number;
  toMs: number;
  happenings: Happening[];
  /** In order of time. */
  sent: Sent[];
  /** Devices that somebody has put in maintenance. */
  maintained: Set<string>;
}

/** A reading or an event, so many seconds after its beginning. */
type Step = [afterS: number, says: { values: object } | { type: string; data?: object }];

interface Recipe {
  what: string;
  truth: Truth;
  kind: string;
  /** Devices that tell of one. */
  devices: number;
  /** On an ordinary day. */
  perHour: number;
  /** Share of those for which somebody has told the gateway that people work there. */
  maintained?: number;
  steps(draw: (from: number, to: number) => number): Step[];
}

/** On, off and on again, so many times; `low` and `high` are what it reads. */
function flapping(times: number, everyS: number, [low, high]: [object, object]): Step[] {
  return Array.from({ length: 2 * times }, (_, n): Step => [n * everyS, { values: n % 2 === 0 ? high : low }]);
}

const events = (type: string, times: number, everyS: number): Step[] =>
  Array.from({ length: times }, (_, n): Step => [n * everyS, { type }]);

const OPEN: [object, object] = [{ cover_open: false }, { cover_open: true }];
const SMOKE: [object, object] = [{ smoke: false }, { smoke: true }];
const MAINS: [object, object] = [{ mains: true }, { mains: false }];

/** How often what happens on an ordinary day, and in a storm. Every number here is an assumption. */
export const RECIPES = {
  sos: incident('somebody presses an emergency button, and again', 'sos-button', 0.5, (draw) =>
    events('sos', draw(1, 4), 12),
  ),
  driver: incident('a driver calls for help', 'vehicle', 0.5, () => events('sos', 1, 0)),
  fire: incident('a kiosk burns', 'recycling-kiosk', 0.3, () => [[0, { values: { smoke: true, temp_c: 82 } }]]),
  forced: incident('a kiosk is broken open', 'recycling-kiosk', 1, (draw) => events('door_forced', draw(1, 3), 20)),
  manhole: incident('a manhole is open', 'manhole', 1, () => [[0, { values: { cover_open: true } }]]),
  gas: incident('gas gathers in a sewer', 'manhole', 0.3, () => [[0, { values: { ch4_pct: 28 } }]]),
  flood: {
    ...incident('an underpass is flooded', 'water-level', 0, (draw): Step[] =>
      [0, 1, 2, 3, 4].map((n): Step => [n * 120, { values: { level_m: 2.6 + 0.3 * n + draw(0, 10) / 100 } }]),
    ),
    devices: 3,
  },
  press: nothing('a child presses an emergency button', 'sos-button', 1.5, () => events('sos', 1, 0)),
  steam: nothing('steam in a kiosk', 'recycling-kiosk', 1, (draw) => flapping(draw(1, 5), 25, SMOKE)),
  lid: nothing('traffic shakes a manhole', 'manhole', 2, (draw) => flapping(draw(2, 9), 40, OPEN)),
  ripple: nothing('water stands at its limit', 'water-level', 1, (draw) =>
    flapping(draw(3, 10), 60, [{ level_m: 2.95 }, { level_m: 3.05 }]),
  ),
  service: {
    ...nothing('people service a kiosk', 'recycling-kiosk', 2, (draw) => events('door_forced', draw(1, 5), 45)),
    maintained: 0.7,
  },
  full: fault('a kiosk is full', 'recycling-kiosk', 8, () => [
    [0, { values: { fill_pct: 95 } }],
    [60, { values: { fill_pct: 96 } }],
  ]),
  mains: fault('a kiosk is without mains', 'recycling-kiosk', 3, (draw) => flapping(draw(1, 4), 400, MAINS)),
  battery: fault('a battery is low', 'manhole', 4, () => [[0, { values: { battery_pct: 15 } }]]),
  frozen: fault('the picture of a camera is frozen', 'camera', 5, () => [[0, { values: { picture_frozen: true } }]]),
} satisfies Record<string, Recipe>;

function incident(what: string, kind: string, perHour: number, steps: Recipe['steps']): Recipe {
  return { what, truth: 'incident', kind, devices: 1, perHour, steps };
}

function nothing(what: string, kind: string, perHour: number, steps: Recipe['steps']): Recipe {
  return { what, truth: 'false', kind, devices: 1, perHour, steps };
}

function fault(what: string, kind: string, perHour: number, steps: Recipe['steps']): Recipe {
  return { what, truth: 'fault', kind, devices: 1, perHour, steps };
}

/** Many of a recipe within some minutes. */
export interface Burst {
  of: keyof typeof RECIPES;
  count: number;
  fromS: number;
  withinS: number;
}

/** A cloudburst with a cut of mains after an hour. */
export const STORM: readonly Burst[] = [
  { of: 'flood', count: 5, fromS: 3_600, withinS: 1_800 },
  { of: 'ripple', count: 12, fromS: 3_600, withinS: 1_800 },
  { of: 'lid', count: 8, fromS: 3_600, withinS: 2_400 },
  { of: 'mains', count: 60, fromS: 4_200, withinS: 20 },
  { of: 'frozen', count: 30, fromS: 4_200, withinS: 60 },
  { of: 'sos', count: 3, fromS: 4_300, withinS: 1_800 },
  { of: 'driver', count: 3, fromS: 4_300, withinS: 1_800 },
];

export interface SetOptions {
  name: string;
  seed: number;
  hours: number;
  bursts?: readonly Burst[];
  /** How many times more happens than on an ordinary day; 1 when absent. */
  times?: number;
  /** Whether all that repeats does so as seldom as it may. */
  calm?: boolean;
}

/** A Monday, 16:00 in China. */
const BEGIN_MS = Date.parse('2026-03-02T16:00:00+08:00');

/** Makes a set: of each recipe as many as its rate says, at times that the seed draws. */
export function eventSet({ name, seed, hours, bursts = [], times = 1, calm = false }: SetOptions): EventSet {
  const random = randomFrom(seed);
  const draw = (from: number, to: number): number => wholeBetween(random, from, to);
  const set: EventSet = {
    name,
    seed,
    fromMs: BEGIN_MS,
    toMs: BEGIN_MS + hours * HOUR_MS,
    happenings: [],
    sent: [],
    maintained: new Set(),
  };
  for (const recipe of Object.values(RECIPES) as Recipe[]) {
    const expected = recipe.perHour * hours * times;
    const count = Math.floor(expected) + (random() < expected % 1 ? 1 : 0);
    for (let n = 0; n < count; n += 1) happen(set, recipe, { atMs: BEGIN_MS + draw(0, hours * HOUR_MS), draw, calm });
  }
  for (const { of, count, fromS, withinS } of bursts) {
    for (let n = 0; n < count; n += 1) {
      happen(set, RECIPES[of], { atMs: BEGIN_MS + fromS * 1_000 + draw(0, withinS * 1_000), draw, calm });
    }
  }
  set.happenings.sort((a, b) => a.atMs - b.atMs);
  set.sent.sort((a, b) => a.atMs - b.atMs);
  return set;
}

interface When {
  atMs: number;
  draw: (from: number, to: number) => number;
  calm: boolean;
}

function happen(set: EventSet, recipe: Recipe, { atMs, draw, calm }: When): void {
  if (atMs >= set.toMs) return;
  const id = `h${set.happenings.length + 1}`;
  const devices = Array.from({ length: recipe.devices }, (_, n) => `${recipe.kind}-${id}-${n + 1}`);
  const inMaintenance = draw(0, 100) < 100 * (recipe.maintained ?? 0);
  for (const device of devices) {
    if (inMaintenance) set.maintained.add(device);
    for (const [afterS, says] of recipe.steps(calm ? (from) => from : draw)) {
      const sentAtMs = atMs + afterS * 1_000;
      if (sentAtMs >= set.toMs) continue;
      const channel = 'type' in says ? 'event' : 'telemetry';
      set.sent.push({ atMs: sentAtMs, device, kind: recipe.kind, channel, payload: { ts: sentAtMs, ...says } });
    }
  }
  const { what, truth } = recipe;
  set.happenings.push({ id, what, truth, atMs, devices });
}

import {
  type Approved,
  faultsOf,
  judgePicture,
  NO_PICTURES,
  type PictureFault,
  type PictureMemory,
} from '../../../../src/streams/picture-health/judges.ts';
import { edgesOf } from '../../../../src/streams/picture-health/likeness.ts';
import { SMALL, type SmallPicture } from '../../../../src/streams/picture-health/small-picture.ts';
import { Dice, expose, FULL, type Optics, sense } from './optics.ts';
import type { Place, Scene } from './scenes.ts';

/** A camera that something happens to. */
export interface Case {
  place: string;
  name: string;
  /** What is to be told at its end; null where nothing may be told at any time. */
  label: PictureFault | null;
  /** What was told: at the end of a fault, at any time of what is none. */
  told: PictureFault[];
}

const EVERY_MS = 10_000;
const NOISE = 2;
const NIGHT_NOISE = 3.5;

/** One camera: what it sees goes to the judges, picture by picture. */
class Camera {
  readonly dice: Dice;
  memory: PictureMemory = NO_PICTURES;
  approved: Approved[] = [];
  everTold = new Set<PictureFault>();
  #atMs = 0;

  constructor(dice: Dice) {
    this.dice = dice;
  }

  /** As this one is now; what happens to one does not happen to the other. */
  copy(): Camera {
    const copy = new Camera(this.dice);
    copy.memory = this.memory;
    copy.approved = this.approved;
    copy.#atMs = this.#atMs;
    return copy;
  }

  take(picture: SmallPicture, isStill = false): void {
    this.#atMs += EVERY_MS;
    this.memory = judgePicture(this.memory, { picture, atMs: this.#atMs, isStill }, this.approved);
    for (const fault of faultsOf(this.memory)) this.everTold.add(fault);
  }

  /** Takes the same light several times, each with a noise of its own. */
  takes(times: number, light: Float32Array, { noise = NOISE, isStill = false } = {}): void {
    for (; times > 0; times -= 1) this.take(sense(light, this.dice, noise), isStill);
  }
}

/** Everything that happens to the cameras of one place; `strengths` are shares of what each fault can be at most. */
export function casesOf(place: Place, strengths: readonly number[]): Case[] {
  const dice = new Dice(place.name.length * 977 + 5);
  const reference = edgesOf(sense(expose(place.day, 0), dice, NOISE));
  const begin = (scene: Scene, noise: number): Camera => {
    const camera = new Camera(dice);
    camera.approved = [{ edges: reference, preset: null }];
    for (let at = 1; at <= 6; at += 1) camera.takes(1, expose(scene, at * 13), { noise });
    return camera;
  };
  const day = begin(place.day, NOISE);
  const night = begin(place.night, NIGHT_NOISE);
  const cases: Case[] = [];
  const add = (name: string, label: PictureFault | null, camera: Camera): void => {
    const told = label === null ? [...camera.everTold] : faultsOf(camera.memory);
    cases.push({ place: place.name, name, label, told });
  };
  add('an ordinary day', null, day);
  add('an ordinary night', null, night);
  for (const strength of strengths) {
    for (const [name, label, happens] of FAULTS) {
      const [byDay, byNight] = [day.copy(), night.copy()];
      happens(byDay, place.day, strength);
      add(`${name} ${strength}`, label, byDay);
      if (!SEEN_BY_NIGHT.has(label)) continue;
      happens(byNight, place.night, strength);
      add(`${name} ${strength} at night`, label, byNight);
    }
    for (const [name, from, happens] of NO_FAULTS) {
      const camera = from === 'day' ? day.copy() : night.copy();
      happens(camera, place, strength);
      add(`${name} ${strength}`, null, camera);
    }
  }
  return cases;
}

const SEEN_BY_NIGHT: ReadonlySet<PictureFault> = new Set(['frozen', 'black', 'over-exposed']);

type Happens = (camera: Camera, scene: Scene, strength: number) => void;

function changes(optics: (strength: number) => Optics, noise = NOISE): Happens {
  return (camera, scene, strength) => camera.takes(4, expose(scene, 91, optics(strength)), { noise, isStill: true });
}

const FAULTS: readonly [name: string, label: PictureFault, happens: Happens][] = [
  ['frozen', 'frozen', (camera) => freeze(camera, 0)],
  ['frozen under a clock', 'frozen', (camera, _, strength) => freeze(camera, 60 * strength)],
  ['dead sensor', 'black', changes((strength) => ({ gain: 0.015 * (1 - strength) }), 0.8)],
  ['cap on the lens', 'black', changes(() => ({ cover: { share: 1, level: 0.01 } }), 0.5)],
  ['bag over the camera', 'covered', changes((strength) => ({ cover: { share: 1, level: 0.15 + strength / 2 } }))],
  ['paint on the lens', 'covered', changes((strength) => ({ cover: { share: 0.9 + strength / 10, level: 0.4 } }))],
  ['out of focus', 'blurred', changes((strength) => ({ blur: 18 + 42 * strength }))],
  ['iris stuck open', 'over-exposed', changes((strength) => ({ gain: 2, veil: 0.9 + 0.5 * strength }))],
  ['turned aside', 'turned-away', changes((strength) => ({ view: { dx: 240 + 700 * strength, dy: 60 } }))],
  ['turned down', 'turned-away', changes((strength) => ({ view: { dx: -150, dy: 150 + 200 * strength } }))],
];

function freeze(camera: Camera, clockPoints: number): void {
  const picture = camera.memory.last!.picture;
  for (let at = 0; at < 4; at += 1) {
    const shown = picture.slice();
    for (let point = 0; point < clockPoints; point += 1) shown[200 + point] = 255 * Math.round(camera.dice.roll());
    camera.take(shown, true);
  }
}

type Passes = (camera: Camera, place: Place, strength: number) => void;

const NO_FAULTS: readonly [name: string, from: 'day' | 'night', passes: Passes][] = [
  [
    'cars and people',
    'day',
    (camera, { day }) => {
      for (let at = 0; at < 8; at += 1) camera.takes(1, expose(day, 100 + at * 7));
    },
  ],
  [
    'still night',
    'night',
    (camera, { night }, strength) => {
      camera.takes(8, expose(night, 55), { noise: 1 + 4 * strength, isStill: true });
    },
  ],
  [
    'fog comes',
    'day',
    (camera, { day }, strength) => {
      for (let at = 1; at <= 5; at += 1) camera.takes(1, expose(day, 77 + at, { fog: (at / 5) * 0.85 * strength }));
      camera.takes(3, expose(day, 90, { fog: 0.85 * strength }), { isStill: true });
    },
  ],
  [
    'infrared comes on',
    'night',
    (camera, { day }, strength) => camera.takes(5, infrared(day, strength), { noise: NIGHT_NOISE, isStill: true }),
  ],
  [
    'infrared at dusk',
    'day',
    (camera, { day }, strength) => camera.takes(5, infrared(day, strength), { noise: NIGHT_NOISE, isStill: true }),
  ],
  [
    'lights go off',
    'day',
    (camera, { night }) => camera.takes(5, expose(night, 97), { noise: NIGHT_NOISE, isStill: true }),
  ],
  [
    'dusk',
    'day',
    (camera, { day, night }) => {
      const [byDay, byNight] = [expose(day, 61), expose(night, 61)];
      for (let at = 1; at <= 14; at += 1) camera.takes(1, mixed(byDay, byNight, at / 14), { isStill: true });
    },
  ],
  ['rain', 'day', (camera, { day }, strength) => rain(camera, expose(day, 66, { fog: 0.3 * strength }), strength)],
  ['on tour', 'day', (camera, { day }, strength) => tour(camera, day, strength)],
];

/** Lit from the camera: the middle is bright, the corners and what is far are not. */
function infrared(scene: Scene, strength: number): Float32Array {
  const lit: Scene = (x, y, atS) => {
    const [u, v] = [x / FULL.width - 0.5, y / FULL.height - 0.6];
    return scene(x, y, atS) * (0.1 + 0.9 * Math.exp(-(3 + 4 * strength) * (u * u + v * v)));
  };
  return expose(lit, 120);
}

function mixed(one: Float32Array, other: Float32Array, share: number): Float32Array {
  return one.map((level, at) => level * (1 - share) + other[at]! * share);
}

function rain(camera: Camera, light: Float32Array, strength: number): void {
  for (let at = 0; at < 6; at += 1) {
    const wet = light.slice();
    for (let drop = 0; drop < 700 * strength; drop += 1) {
      const from = Math.floor(camera.dice.roll() * (wet.length - 4 * SMALL.width));
      for (let y = 0; y < 4; y += 1) wet[from + y * SMALL.width] = wet[from + y * SMALL.width]! * 0.6 + 0.35;
    }
    camera.takes(1, wet, { noise: 3 });
  }
}

/** Goes round three places that were each approved, and is seen on its way between two of them once. */
function tour(camera: Camera, scene: Scene, strength: number): void {
  const views = [0, 900 + 500 * strength, -1_100 - 500 * strength].map((dx) => ({ dx, dy: 40 * Math.sign(dx) }));
  const lights = views.map((view) => expose(scene, 140, { view }));
  camera.approved = lights.map((light, at) => ({
    edges: edgesOf(sense(light, camera.dice, NOISE)),
    preset: String(at),
  }));
  for (const [at, light] of [...lights, ...lights, ...lights].entries()) {
    if (at === 4) camera.takes(1, expose(scene, 141, { view: { dx: 450, dy: 20 } }));
    camera.takes(1, light);
  }
}

/** Of all cases: how often a fault was told rightly, wrongly, and not told. */
export function scoreOf(cases: readonly Case[], fault: PictureFault): { precision: number; recall: number } {
  const told = cases.filter((one) => one.told.includes(fault));
  const should = cases.filter(({ label }) => label === fault);
  const right = told.filter(({ label }) => label === fault).length;
  return { precision: told.length === 0 ? 0 : right / told.length, recall: right / should.length };
}

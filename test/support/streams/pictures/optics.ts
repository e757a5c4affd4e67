import { SMALL, type SmallPicture } from '../../../../src/streams/picture-health/small-picture.ts';
import type { Scene } from './scenes.ts';

/** Size of the pictures that scenes are drawn for. */
export const FULL = { width: 1920, height: 1080 } as const;

/** Where a camera looks: the scene is larger than its picture. */
export interface View {
  dx: number;
  dy: number;
}

const STRAIGHT: View = { dx: 0, dy: 0 };

/** What happens to the light between the scene and the sensor. */
export interface Optics {
  view?: View;
  /** Radius (points of the full picture) of what a point becomes out of focus. */
  blur?: number;
  /** 0 clear, 1 nothing but fog; far things, which stand higher, are in more of it. */
  fog?: number;
  gain?: number;
  /** Light that falls on the sensor besides that of the scene. */
  veil?: number;
  /** Share of the picture behind something close to the lens, and how bright that is. */
  cover?: { share: number; level: number };
}

/** How many points are drawn of the full picture. */
export interface Grid {
  width: number;
  height: number;
}

/** A picture out of focus is drawn so much finer, and then smoothed. */
const FINER = 2;

/** The picture without noise, at the points that are judged unless `grid` says others. */
export function expose(scene: Scene, atS: number, optics: Optics = {}, grid: Grid = SMALL): Float32Array {
  const { view = STRAIGHT, blur = 0, fog = 0, gain = 1, veil = 0, cover } = optics;
  const light = blur === 0 ? drawn(scene, atS, { view, grid }) : outOfFocus(scene, atS, { view, blur, grid });
  for (let at = 0; at < light.length; at += 1) {
    const column = ((at % grid.width) * SMALL.width) / grid.width;
    const share = fog * (1 - (0.45 * Math.floor(at / grid.width)) / grid.height);
    const isCovered = cover && column < SMALL.width * cover.share;
    light[at] = isCovered ? cover.level + 0.0002 * column : (light[at]! * (1 - share) + 0.72 * share) * gain + veil;
  }
  return light;
}

function drawn(scene: Scene, atS: number, { view, grid }: { view: View; grid: Grid }): Float32Array {
  const light = new Float32Array(grid.width * grid.height);
  const step = FULL.width / grid.width;
  for (let at = 0; at < light.length; at += 1) {
    light[at] = scene((at % grid.width) * step + view.dx, Math.floor(at / grid.width) * step + view.dy, atS);
  }
  return light;
}

function outOfFocus(
  scene: Scene,
  atS: number,
  { view, blur, grid }: { view: View; blur: number; grid: Grid },
): Float32Array {
  const [width, height] = [grid.width * FINER, grid.height * FINER];
  const fine = drawn(scene, atS, { view, grid: { width, height } });
  // Three times over a box is as good as a bell.
  const reach = Math.max(1, Math.round((blur * width * 0.5) / FULL.width));
  for (let times = 0; times < 3; times += 1) {
    for (let y = 0; y < height; y += 1) smooth(fine, { from: y * width, step: 1, count: width, reach });
    for (let x = 0; x < width; x += 1) smooth(fine, { from: x, step: width, count: height, reach });
  }
  const light = new Float32Array(grid.width * grid.height);
  for (let at = 0; at < light.length; at += 1) {
    light[at] = fine[Math.floor(at / grid.width) * FINER * width + (at % grid.width) * FINER]!;
  }
  return light;
}

interface Line {
  from: number;
  step: number;
  count: number;
  reach: number;
}

/** The mean of each point and its neighbours along a line, in place. */
function smooth(values: Float32Array, { from, step, count, reach }: Line): void {
  const line = new Float32Array(count);
  for (let at = 0; at < count; at += 1) line[at] = values[from + at * step]!;
  const pick = (at: number) => line[Math.max(0, Math.min(count - 1, at))]!;
  let sum = 0;
  for (let at = -reach; at <= reach; at += 1) sum += pick(at);
  for (let at = 0; at < count; at += 1) {
    values[from + at * step] = sum / (2 * reach + 1);
    sum += pick(at + reach + 1) - pick(at - reach);
  }
}

/** Numbers that are the same in every run. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  /** Between 0 and 1. */
  roll(): number {
    this.#state = Math.imul(this.#state ^ (this.#state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5;
    const mixed = Math.imul(this.#state ^ (this.#state >>> 12), 0x297a2d39);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4_294_967_296;
  }
}

/** What the sensor makes of the light: levels with noise of a spread (levels). */
export function sense(light: Float32Array, dice: Dice, noise: number): SmallPicture {
  const picture = new Uint8Array(light.length);
  for (let at = 0; at < light.length; at += 1) {
    // Three of them are as good as normal.
    const random = dice.roll() + dice.roll() + dice.roll() - 1.5;
    picture[at] = Math.max(0, Math.min(255, Math.round(light[at]! * 255 + random * 2 * noise)));
  }
  return picture;
}

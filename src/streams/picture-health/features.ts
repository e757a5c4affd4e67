import { SMALL, type SmallPicture } from './small-picture.ts';

/** What is measured of one picture. */
export interface Features {
  /** Mean brightness, 0 to 255. */
  mean: number;
  /** Brightness that 99 of 100 points do not exceed. */
  p99: number;
  /** Spread of brightness (standard deviation). */
  spread: number;
  /** Share of points that are as good as white. */
  whiteShare: number;
  /** Share of blocks in which nothing is to be seen but noise. */
  flatShare: number;
  /** Share of neighbouring blocks that differ in their brightness: large shapes, which a lens out of focus leaves. */
  stepShare: number;
  /** Mean square of the difference of neighbours, and of points four apart: noise is in both, detail in their ratio. */
  near: number;
  far: number;
}

/** How two pictures of one camera differ. */
export interface Change {
  /** Share of points that are not the same. */
  changedShare: number;
  /** Spread of the noise in each, from the median; much larger where most of the picture changed. */
  noise: number;
}

const { width: W, height: H } = SMALL;
const WHITE = 250;
/** Levels. */
const STEP = 6;
const BLOCK_W = 16;
const BLOCK_H = 12;
const FAR = 4;
/** Structure of a block below this is none: two levels of brightness over four points. */
const FLAT = 8;
/** Noise stronger than this has no sensor; it is texture finer than the points. */
const NOISE_MAX = 250;
/** The median of a difference of two differences, by the spread of the normal distribution of each of the four. */
const SPREAD_BY_MEDIAN = 1.349;

export function measure(picture: SmallPicture): Features {
  const { mean, p99, spread, whiteShare } = tones(picture);
  let near = 0;
  let far = 0;
  let flat = 0;
  let blocks = 0;
  for (let top = 0; top + BLOCK_H <= H; top += BLOCK_H) {
    for (let left = 0; left + BLOCK_W <= W; left += BLOCK_W) {
      const block = differences(picture, left, top);
      near += block.near;
      far += block.far;
      blocks += 1;
      if (block.far - block.near < FLAT && block.near < NOISE_MAX) flat += 1;
    }
  }
  const ofBlocks = {
    flatShare: flat / blocks,
    stepShare: stepShareOf(picture),
    near: near / blocks,
    far: far / blocks,
  };
  return { mean, p99, spread, whiteShare, ...ofBlocks };
}

function stepShareOf(picture: SmallPicture): number {
  const [columns, rows] = [W / BLOCK_W, H / BLOCK_H];
  const means = new Float32Array(columns * rows);
  for (let at = 0; at < picture.length; at += 1) {
    const block = Math.floor(Math.floor(at / W) / BLOCK_H) * columns + Math.floor((at % W) / BLOCK_W);
    means[block]! += picture[at]! / (BLOCK_W * BLOCK_H);
  }
  let steps = 0;
  let pairs = 0;
  for (let at = 0; at < means.length; at += 1) {
    const neighbours = [
      ...((at + 1) % columns === 0 ? [] : [at + 1]),
      ...(at + columns < means.length ? [at + columns] : []),
    ];
    pairs += neighbours.length;
    steps += neighbours.filter((other) => Math.abs(means[at]! - means[other]!) >= STEP).length;
  }
  return steps / pairs;
}

export function change(before: SmallPicture, now: SmallPicture): Change {
  let changed = 0;
  // Differences of neighbouring differences: a change of the light is in both, and noise is not.
  const counts = new Uint32Array(511);
  let last = 0;
  for (let at = 0; at < now.length; at += 1) {
    const difference = now[at]! - before[at]!;
    if (difference !== 0) changed += 1;
    counts[Math.abs(difference - last)]! += 1;
    last = difference;
  }
  return { changedShare: changed / now.length, noise: middle(counts, now.length) / SPREAD_BY_MEDIAN };
}

/** The median, finer than whole levels. */
function middle(counts: Uint32Array, total: number): number {
  let below = 0;
  for (let level = 0; level < counts.length; level += 1) {
    const here = counts[level]!;
    if (below + here >= total / 2) return level === 0 ? 0 : level - 0.5 + (total / 2 - below) / here;
    below += here;
  }
  return 0;
}

function tones(picture: SmallPicture) {
  const counts = new Uint32Array(256);
  for (let at = 0; at < picture.length; at += 1) counts[picture[at]!]! += 1;
  let sum = 0;
  let squares = 0;
  let white = 0;
  let seen = 0;
  let p99 = 255;
  for (let level = 255; level >= 0; level -= 1) {
    const here = counts[level]!;
    sum += here * level;
    squares += here * level * level;
    if (level >= WHITE) white += here;
    if (seen <= picture.length / 100) p99 = level;
    seen += here;
  }
  const mean = sum / picture.length;
  const spread = Math.sqrt(Math.max(0, squares / picture.length - mean * mean));
  return { mean, p99, spread, whiteShare: white / picture.length };
}

function differences(picture: SmallPicture, left: number, top: number): { near: number; far: number } {
  let near = 0;
  let far = 0;
  let count = 0;
  for (let y = top; y < Math.min(top + BLOCK_H, H - FAR); y += 1) {
    for (let x = left; x < Math.min(left + BLOCK_W, W - FAR); x += 1) {
      const at = y * W + x;
      const here = picture[at]!;
      near += square(picture[at + 1]! - here) + square(picture[at + W]! - here);
      far += square(picture[at + FAR]! - here) + square(picture[at + FAR * W]! - here);
      count += 2;
    }
  }
  return { near: near / count, far: far / count };
}

function square(value: number): number {
  return value * value;
}

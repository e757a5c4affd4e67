import { SMALL, type SmallPicture } from './small-picture.ts';

/** Where a picture has edges, and which way they run; the same for dark on light as for light on dark. */
export interface Edges {
  /** Of each cell, as a vector of twice the angle. */
  along: Float32Array;
  across: Float32Array;
  /** Mean brightness of the picture, 0 to 255. */
  mean: number;
}

/** Points along each side of a cell. Their mean is free of noise. */
const CELL = 4;
const W = SMALL.width / CELL;
const H = SMALL.height / CELL;
/** Weaker edges are noise. */
const EDGE_MIN = 3;
/** Cells that a camera may shake by. */
const SHAKE = 1;
/** Shifts at which two pictures of the same place are no more alike than any two. */
const APART: readonly (readonly [number, number])[] = [
  [-11, 0],
  [11, 0],
  [0, -7],
  [0, 7],
  [-9, 5],
  [9, -5],
  [-7, -6],
  [7, 6],
];

export function edgesOf(picture: SmallPicture): Edges {
  const cells = cellsOf(picture);
  const along = new Float32Array(W * H);
  const across = new Float32Array(W * H);
  for (let y = 1; y < H - 1; y += 1) {
    for (let x = 1; x < W - 1; x += 1) {
      const at = y * W + x;
      const dx = (cells[at + 1]! - cells[at - 1]!) / 2;
      const dy = (cells[at + W]! - cells[at - W]!) / 2;
      const size = Math.hypot(dx, dy);
      if (size < EDGE_MIN) continue;
      // The root, so that a few lamps do not outweigh everything else.
      const weight = Math.sqrt(size - EDGE_MIN) / (size * size);
      along[at] = (dx * dx - dy * dy) * weight;
      across[at] = 2 * dx * dy * weight;
    }
  }
  return { along, across, mean: cells.reduce((sum, cell) => sum + cell, 0) / cells.length };
}

/**
 * How alike two pictures are in what they show, 0 to 1, whatever the light: how well their edges lie on each other
 * compared with shifted ones. Null where one of the two has hardly any edges.
 */
export function likeness(one: Edges, other: Edges): number | null {
  const sizes = Math.sqrt(energyOf(one) * energyOf(other));
  if (sizes < EDGES_MIN) return null;
  let best = 0;
  for (let dy = -SHAKE; dy <= SHAKE; dy += 1) {
    for (let dx = -SHAKE; dx <= SHAKE; dx += 1) best = Math.max(best, overlap(one, other, [dx, dy]));
  }
  const apart = APART.reduce((sum, shift) => sum + Math.max(0, overlap(one, other, shift)), 0) / APART.length;
  return Math.max(0, (best - apart) / sizes);
}

/** Whether two pictures were taken in light so much alike that what differs between them is the view. */
export function isSameLight(one: Edges, other: Edges): boolean {
  return Math.max(one.mean, other.mean) < LIGHT_RATIO * Math.min(one.mean, other.mean);
}

/** Headlights, lamps and windows make another picture of a place by night. */
const LIGHT_RATIO = 2;

/** Sum of squares of edges below which there is nothing to compare. */
const EDGES_MIN = 40;

function energyOf({ along, across }: Edges): number {
  let sum = 0;
  for (let at = 0; at < along.length; at += 1) sum += along[at]! * along[at]! + across[at]! * across[at]!;
  return sum;
}

function overlap(one: Edges, other: Edges, [dx, dy]: readonly [number, number]): number {
  let sum = 0;
  for (let y = Math.max(0, -dy); y < Math.min(H, H - dy); y += 1) {
    for (let x = Math.max(0, -dx); x < Math.min(W, W - dx); x += 1) {
      const at = y * W + x;
      const there = at + dy * W + dx;
      sum += one.along[at]! * other.along[there]! + one.across[at]! * other.across[there]!;
    }
  }
  return sum;
}

function cellsOf(picture: SmallPicture): Float32Array {
  const cells = new Float32Array(W * H);
  for (let y = 0; y < H * CELL; y += 1) {
    for (let x = 0; x < W * CELL; x += 1) {
      cells[Math.floor(y / CELL) * W + Math.floor(x / CELL)]! += picture[y * SMALL.width + x]! / (CELL * CELL);
    }
  }
  return cells;
}

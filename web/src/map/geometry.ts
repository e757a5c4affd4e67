/** A place: longitude, then latitude, in degrees. */
export type Point = readonly [lon: number, lat: number];

/** Metres of a degree of latitude. */
const DEGREE_M = 111_320;

/** Whether a point lies in a ring of at least three corners, by the even-odd rule. */
export function isInside([x, y]: Point, ring: readonly Point[]): boolean {
  let inside = false;
  let [px, py] = ring.at(-1) ?? [0, 0];
  for (const [cx, cy] of ring) {
    if (cy > y !== py > y && x < ((px - cx) * (y - cy)) / (py - cy) + cx) inside = !inside;
    [px, py] = [cx, cy];
  }
  return inside;
}

const SIDES = 12;

/**
 * What lies within `m` metres of a point of these or between them: a ring without corners that point inwards, that is
 * closed by its first point. Empty where there are no points.
 */
export function around(points: readonly Point[], m: number): Point[] {
  const lat = m / DEGREE_M;
  const circles = hullOf(points).flatMap(([x, y]) =>
    Array.from({ length: SIDES }, (_, side): Point => {
      const angle = (side / SIDES) * 2 * Math.PI;
      const lon = lat / Math.max(0.01, Math.cos((y * Math.PI) / 180));
      return [x + lon * Math.cos(angle), y + lat * Math.sin(angle)];
    }),
  );
  const ring = hullOf(circles);
  return ring.length === 0 ? [] : [...ring, ring[0]!];
}

/** The convex hull, by Andrew's monotone chain. */
function hullOf(points: readonly Point[]): Point[] {
  const sorted = [...points].sort(([ax, ay], [bx, by]) => ax - bx || ay - by);
  if (sorted.length < 3) return sorted;
  const lower = chainOf(sorted);
  const upper = chainOf(sorted.reverse());
  return [...lower.slice(0, -1), ...upper.slice(0, -1)];
}

function chainOf(sorted: readonly Point[]): Point[] {
  const chain: Point[] = [];
  for (const point of sorted) {
    while (chain.length > 1 && turn(chain.at(-2)!, chain.at(-1)!, point) <= 0) chain.pop();
    chain.push(point);
  }
  return chain;
}

/** Above 0 where the way over these three turns left. */
function turn([ax, ay]: Point, [bx, by]: Point, [cx, cy]: Point): number {
  return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
}

export interface Box {
  west: number;
  south: number;
  east: number;
  north: number;
}

/** The box around points; null where there are none. */
export function boxOf(points: Iterable<Point>): Box | null {
  let box: Box | null = null;
  for (const [lon, lat] of points) {
    if (!box) box = { west: lon, south: lat, east: lon, north: lat };
    box.west = Math.min(box.west, lon);
    box.east = Math.max(box.east, lon);
    box.south = Math.min(box.south, lat);
    box.north = Math.max(box.north, lat);
  }
  return box;
}

export function isInBox([lon, lat]: Point, { west, south, east, north }: Box): boolean {
  return lon >= west && lon <= east && lat >= south && lat <= north;
}

import { z } from 'zod';

/** Corners of a polygon at most: each costs a comparison for each device of its box. */
export const CORNERS_MAX = 64;
/** A text longer than this is no such list of corners. */
const TEXT_MAX = 4_000;

/** WGS-84 degrees. */
export interface Corner {
  lon: number;
  lat: number;
}

export interface Box {
  min: Corner;
  max: Corner;
}

const NUMBER = /^-?\d{1,3}(\.\d{1,15})?$/;

/** `west,south,east,north` in degrees of WGS-84, as in RFC 7946; one that crosses the date line is refused. */
export const bbox = z
  .string()
  .max(TEXT_MAX)
  .transform((text, context): Box => {
    const [west, south, east, north, ...rest] = text.split(',').map(degrees);
    const min = cornerOf(west, south);
    const max = cornerOf(east, north);
    if (min && max && rest.length === 0 && min.lon <= max.lon && min.lat <= max.lat) return { min, max };
    context.addIssue({
      code: 'custom',
      message: 'use west,south,east,north in degrees, such as 121.5,29.8,121.6,29.9',
    });
    return z.NEVER;
  });

/** `lon,lat;lon,lat;…` in degrees of WGS-84: a ring of 3 to {@link CORNERS_MAX} corners that does not cross itself. */
export const polygon = z
  .string()
  .max(TEXT_MAX)
  .transform((text, context): Corner[] => {
    const corners = text.split(';').map((pair) => {
      const [lon, lat, ...rest] = pair.split(',').map(degrees);
      return rest.length === 0 ? cornerOf(lon, lat) : null;
    });
    const ring = corners.filter((corner) => corner !== null);
    const message =
      ring.length < corners.length
        ? 'use lon,lat;lon,lat;lon,lat in degrees, such as 121.5,29.8;121.6,29.8;121.6,29.9'
        : ringProblem(opened(ring));
    if (message === null) return opened(ring);
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

function degrees(text: string): number {
  return NUMBER.test(text.trim()) ? Number(text) : Number.NaN;
}

function cornerOf(lon = Number.NaN, lat = Number.NaN): Corner | null {
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 90 ? { lon, lat } : null;
}

/** A ring that is closed by its first corner, as in GeoJSON, without that. */
function opened(ring: Corner[]): Corner[] {
  const [first, last] = [ring[0], ring.at(-1)];
  const isClosed = ring.length > 1 && first?.lon === last?.lon && first?.lat === last?.lat;
  return isClosed ? ring.slice(0, -1) : ring;
}

function ringProblem(ring: readonly Corner[]): string | null {
  if (ring.length < 3) return 'needs three corners at least';
  if (ring.length > CORNERS_MAX) return `takes ${CORNERS_MAX} corners at most; leave out some`;
  const sides = ring.map((corner, index) => ({ from: corner, to: ring[(index + 1) % ring.length]! }));
  const isNone = ({ from, to }: Side) => from.lon === to.lon && from.lat === to.lat;
  if (sides.some(isNone)) return 'names the same corner twice in a row';
  for (const [index, one] of sides.entries()) {
    for (const [ahead, other] of sides.slice(index + 1).entries()) {
      const isNext = ahead === 0 || (index === 0 && ahead === sides.length - 2);
      if (isNext ? foldsBack(one, other) : meet(one, other)) return 'crosses or touches itself';
    }
  }
  return null;
}

interface Side {
  from: Corner;
  to: Corner;
}

/** Above 0 where `point` lies to the left of the side, 0 on its line. */
function sideOf({ from, to }: Side, point: Corner): number {
  return Math.sign((to.lon - from.lon) * (point.lat - from.lat) - (to.lat - from.lat) * (point.lon - from.lon));
}

function meet(one: Side, other: Side): boolean {
  const [a, b] = [sideOf(one, other.from), sideOf(one, other.to)];
  const [c, d] = [sideOf(other, one.from), sideOf(other, one.to)];
  if (a * b < 0 && c * d < 0) return true;
  return (
    (a === 0 && isBetween(one, other.from)) ||
    (b === 0 && isBetween(one, other.to)) ||
    (c === 0 && isBetween(other, one.from)) ||
    (d === 0 && isBetween(other, one.to))
  );
}

/** Of two sides with a common corner: whether one lies upon the other. */
function foldsBack(one: Side, other: Side): boolean {
  if (sideOf(one, other.from) !== 0 || sideOf(one, other.to) !== 0) return false;
  const [shared, a, b] = one.to === other.from ? [one.to, one.from, other.to] : [one.from, one.to, other.from];
  return (a.lon - shared.lon) * (b.lon - shared.lon) + (a.lat - shared.lat) * (b.lat - shared.lat) > 0;
}

/** Of a point on the line of a side. */
function isBetween({ from, to }: Side, point: Corner): boolean {
  const within = (one: number, other: number, value: number) =>
    value >= Math.min(one, other) && value <= Math.max(one, other);
  return within(from.lon, to.lon, point.lon) && within(from.lat, to.lat, point.lat);
}

/** The polygon as text of PostgreSQL's type. */
export function polygonText(corners: readonly Corner[]): string {
  return `(${corners.map(({ lon, lat }) => `(${lon},${lat})`).join(',')})`;
}

export function boxText({ min, max }: Box): string {
  return `(${min.lon},${min.lat}),(${max.lon},${max.lat})`;
}

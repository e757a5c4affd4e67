/** A place: longitude, then latitude, in degrees (RFC 7946 §3.1.1). */
export type Point = readonly [lon: number, lat: number];

/** Mean radius of the Earth, m (IUGG). */
const EARTH_M = 6_371_008.8;

/**
 * Whether a point lies in the area that a ring of at least three points encloses, by the even-odd rule; the first point
 * need not be repeated. Straight lines in degrees, as GeoJSON has them; a ring over the 180th meridian is not meant.
 */
export function isInside([x, y]: Point, ring: readonly Point[]): boolean {
  let inside = false;
  let [px, py] = ring.at(-1) ?? [0, 0];
  for (const [cx, cy] of ring) {
    if (cy > y !== py > y && x < ((px - cx) * (y - cy)) / (py - cy) + cx) inside = !inside;
    [px, py] = [cx, cy];
  }
  return inside;
}

/** How far two places are apart on the ground, m; good to half a per cent. */
export function distanceM([lon, lat]: Point, [otherLon, otherLat]: Point): number {
  const radians = Math.PI / 180;
  const east = (otherLon - lon) * radians * Math.cos(((lat + otherLat) / 2) * radians);
  const north = (otherLat - lat) * radians;
  return EARTH_M * Math.hypot(east, north);
}

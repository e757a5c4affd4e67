import { districtName } from '../../alerts/choices.ts';
import { tOf } from '../../texts.ts';
import type { MapDevice } from '../devices.ts';
import { around, type Point } from '../geometry.ts';

/** How far beyond its outermost devices the outline of a district goes, m. */
const BEYOND_M = 350;

const collection = (features: GeoJSON.Feature[]): GeoJSON.FeatureCollection => ({
  type: 'FeatureCollection',
  features,
});

/** Where a place is drawn: maps of another datum have all of it elsewhere. */
export type Shift = (at: Point) => Point;

export function deviceFeatures(
  devices: readonly MapDevice[],
  { chosen, shift }: { chosen: string | null; shift: Shift },
): GeoJSON.FeatureCollection {
  return collection(
    devices.map(({ id, at, level, rank, open, mark }) => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: shift(at) as [number, number] },
      properties: { id, rank, open, letter: mark ?? letterOf(level), chosen: id === chosen },
    })),
  );
}

/** Beside its colour, so that nobody has to tell colours apart. */
export function letterOf(level: MapDevice['level']): string {
  if (level === 'online') return '';
  if (level === 'unknown') return '?';
  if (level === 'offline') return '×';
  return level === 'degraded' ? '!' : tOf('letter', level);
}

/** A district by the devices that stand in it: no line of it comes from a map of others. */
export interface District {
  code: string;
  ring: readonly Point[];
}

export function districtsOf(devices: readonly MapDevice[]): District[] {
  const byCode = new Map<string, Point[]>();
  for (const { area, at, saidAtMs } of devices) {
    // What moves is where it is, and not where it belongs.
    if (saidAtMs !== null) continue;
    const code = area.includes('z') ? area : area.slice(0, 6);
    const places = byCode.get(code) ?? [];
    places.push(at);
    byCode.set(code, places);
  }
  return [...byCode].map(([code, places]) => ({ code, ring: around(places, BEYOND_M) }));
}

export function districtFeatures(districts: readonly District[], shift: Shift): GeoJSON.FeatureCollection {
  return collection(
    districts.map(({ code, ring }) => ({
      type: 'Feature',
      geometry: { type: 'Polygon', coordinates: [ring.map(shift) as [number, number][]] },
      properties: { name: districtName(code) },
    })),
  );
}

/** A line from place to place. */
export function trackFeatures(places: readonly Point[], shift: Shift): GeoJSON.FeatureCollection {
  if (places.length < 2) return collection([]);
  const coordinates = places.map(shift) as [number, number][];
  return collection([{ type: 'Feature', geometry: { type: 'LineString', coordinates }, properties: {} }]);
}

/** The corners of an area that is being drawn, and the area once it is one. */
export function drawnFeatures(corners: readonly Point[], shift: Shift): GeoJSON.FeatureCollection {
  const places = corners.map(shift) as [number, number][];
  const points = places.map(
    (coordinates): GeoJSON.Feature => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates },
      properties: {},
    }),
  );
  if (places.length < 2) return collection(points);
  const geometry: GeoJSON.Geometry =
    places.length === 2
      ? { type: 'LineString', coordinates: places }
      : { type: 'Polygon', coordinates: [[...places, places[0]!]] };
  return collection([{ type: 'Feature', geometry, properties: {} }, ...points]);
}

/** Outlines of the operator's, which are in WGS-84. */
export function outlineFeatures(outlines: GeoJSON.FeatureCollection, shift: Shift): GeoJSON.FeatureCollection {
  const moved = (places: unknown): unknown => {
    if (!Array.isArray(places)) return places;
    return typeof places[0] === 'number' ? shift(places as unknown as Point) : places.map(moved);
  };
  return collection(
    outlines.features.map((feature) => {
      const { geometry } = feature;
      if (geometry.type === 'GeometryCollection') return feature;
      return { ...feature, geometry: { ...geometry, coordinates: moved(geometry.coordinates) } as GeoJSON.Geometry };
    }),
  );
}

import type { Point } from './geometry.ts';

/** What the address says of the map: all of it may stand in a link. */
export interface MapAddress {
  /** Middle (WGS-84) and zoom; null: all that there is. */
  at: { lon: number; lat: number; zoom: number } | null;
  kind: string | null;
  /** Id of the device that is chosen. */
  device: string | null;
  /** Corners of the area that is drawn; none, or at least three. */
  area: readonly Point[];
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const ZOOM_MAX = 22;
/** As many corners as the gateway takes. */
export const CORNERS_MAX = 64;

/** What a query says; what makes no sense in it says nothing. */
export function addressOf(query: URLSearchParams): MapAddress {
  const named = (name: string) => {
    const text = query.get(name) ?? '';
    return NAME.test(text) ? text : null;
  };
  const corners = (query.get('area') ?? '').split(';').map(pointOf);
  const isArea = corners.length >= 3 && corners.length <= CORNERS_MAX && corners.every((one) => one !== null);
  return {
    at: atOf(query.get('at') ?? ''),
    kind: named('kind'),
    device: named('device'),
    area: isArea ? (corners as Point[]) : [],
  };
}

/** The query of a link that shows the same. */
export function queryOf({ at, kind, device, area }: MapAddress): URLSearchParams {
  const query = new URLSearchParams();
  if (at) query.set('at', `${at.lat.toFixed(5)},${at.lon.toFixed(5)},${Number(at.zoom.toFixed(2))}`);
  if (kind !== null) query.set('kind', kind);
  if (device !== null) query.set('device', device);
  if (area.length > 0) query.set('area', area.map(([lon, lat]) => `${lon.toFixed(5)},${lat.toFixed(5)}`).join(';'));
  return query;
}

function atOf(text: string): MapAddress['at'] {
  const [lat, lon, zoom, ...rest] = text.split(',').map(numberOf);
  const place = pointOf(`${lon},${lat}`);
  if (!place || zoom === undefined || !(zoom >= 0 && zoom <= ZOOM_MAX) || rest.length > 0) return null;
  return { lon: place[0], lat: place[1], zoom };
}

function pointOf(text: string): Point | null {
  const [lon = Number.NaN, lat = Number.NaN, ...rest] = text.split(',').map(numberOf);
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 90 && rest.length === 0 ? [lon, lat] : null;
}

function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

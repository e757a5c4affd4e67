import { signal } from '@preact/signals';
import { addProtocol, type LayerSpecification, setMaxParallelImageRequests } from 'maplibre-gl';
import { PMTiles, Protocol, TileType } from 'pmtiles';
import { get } from '../../api.ts';
import { noticeEnd } from '../../session.ts';
import { retryPause } from '../../ticker.ts';
import type { MapParts } from '../../types.ts';
import { CityFile } from './city-file.ts';
import { fromGcj02, toGcj02 } from './datum.ts';
import type { Shift } from './features.ts';
import type { Base, Colours } from './style.ts';

/** What lies below the devices, and where places are drawn on it. */
export interface Ground {
  base: Base | null;
  /** From WGS-84 to the coordinates of the tiles, and back. */
  shift: Shift;
  unshift: Shift;
  attribution: string | null;
  outlines: GeoJSON.FeatureCollection | null;
}

const AS_THEY_ARE: Shift = (at) => at;
export const PLAIN: Ground = {
  base: null,
  shift: AS_THEY_ARE,
  unshift: AS_THEY_ARE,
  attribution: null,
  outlines: null,
};

/** Null until it is known. A map without ground is a map. */
export const ground = signal<Ground | null>(null);

const SOURCE = 'base';
const TILE_PX = 256;
const AGAIN_MAX_MS = 60_000;
/** A browser has six connections to a server. A map service that hangs is to leave some for everything else. */
const TILES_AT_ONCE = 3;

setMaxParallelImageRequests(TILES_AT_ONCE);

let isFound = false;

/**
 * Reads what the operator has for the ground, once; what cannot be read is asked for again until `signal` is aborted,
 * and there is a map without it meanwhile.
 */
export async function readGround(signal: AbortSignal): Promise<void> {
  for (let attempt = 0; !isFound && !signal.aborted; attempt += 1) {
    try {
      ground.value = await findGround();
      isFound = true;
    } catch (error) {
      noticeEnd(error);
      ground.value ??= PLAIN;
      await retryPause(attempt, AGAIN_MAX_MS, signal).catch(() => undefined);
    }
  }
}

async function findGround(): Promise<Ground> {
  const parts = await get<MapParts>('/map/base');
  const outlines = parts.outlines
    ? await get<GeoJSON.FeatureCollection>('/map/outlines.geojson').catch(() => null)
    : null;
  // A file that cannot be read is no reason to have no map.
  const city = parts.city ? await cityBase().catch(() => null) : null;
  if (city) return { ...PLAIN, ...city, outlines };
  if (!parts.tiles) return { ...PLAIN, outlines };
  const { datum, zoomMax, attribution } = parts.tiles;
  const shifts = datum === 'gcj02' ? { shift: toGcj02, unshift: fromGcj02 } : {};
  return { ...PLAIN, ...shifts, base: rasterBase(tilesAddress(), zoomMax), attribution, outlines };
}

function tilesAddress(): string {
  return `${location.origin}/api/v1/map/tiles/{z}-{x}-{y}`;
}

function rasterBase(tiles: string, maxzoom: number): Base {
  return {
    sources: { [SOURCE]: { type: 'raster', tiles: [tiles], tileSize: TILE_PX, maxzoom } },
    layers: () => [{ id: 'base', type: 'raster', source: SOURCE }],
  };
}

const protocol = new Protocol();

async function cityBase(): Promise<Pick<Ground, 'base' | 'attribution'>> {
  const file = new PMTiles(new CityFile());
  const { tileType, minZoom: minzoom, maxZoom: maxzoom } = await file.getHeader();
  const { attribution } = (await file.getMetadata()) as { attribution?: unknown };
  protocol.add(file);
  addProtocol('pmtiles', protocol.tile);
  const tiles = ['pmtiles://city/{z}/{x}/{y}'];
  const isVector = tileType === TileType.Mvt;
  const base: Base = isVector
    ? { sources: { [SOURCE]: { type: 'vector', tiles, minzoom, maxzoom } }, layers: vectorLayers }
    : {
        sources: { [SOURCE]: { type: 'raster', tiles, tileSize: TILE_PX, minzoom, maxzoom } },
        layers: () => [{ id: 'base', type: 'raster', source: SOURCE }],
      };
  return { base, attribution: typeof attribution === 'string' ? textOf(attribution) : null };
}

/** Files say whose map they are as HTML; here it is text. */
function textOf(html: string): string {
  return html.replace(/<[^>]*>/g, '').trim();
}

/** A quiet ground of what Protomaps files have (schema 4): water, green, built-up areas, roads and names. */
function vectorLayers(colours: Colours): LayerSpecification[] {
  const { land, line, ground: back, faint } = colours;
  const of = (layer: string) => ({ source: SOURCE, 'source-layer': layer });
  const name: LayerSpecification['layout'] = {
    'text-font': ['sans-serif'],
    'text-field': ['coalesce', ['get', 'name'], ['get', 'name:en'], ''],
    'text-size': 12,
  } as never;
  return [
    { id: 'base-earth', type: 'fill', ...of('earth'), paint: { 'fill-color': land } },
    {
      id: 'base-green',
      type: 'fill',
      ...of('landuse'),
      filter: ['in', ['get', 'kind'], ['literal', ['park', 'forest', 'wood', 'grass', 'cemetery', 'nature_reserve']]],
      paint: { 'fill-color': colours.online, 'fill-opacity': 0.12 },
    },
    {
      id: 'base-water',
      type: 'fill',
      ...of('water'),
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': colours.minor, 'fill-opacity': 0.25 },
    },
    {
      id: 'base-buildings',
      type: 'fill',
      ...of('buildings'),
      minzoom: 14,
      paint: { 'fill-color': line, 'fill-opacity': 0.5 },
    },
    {
      id: 'base-roads',
      type: 'line',
      ...of('roads'),
      paint: {
        'line-color': line,
        'line-width': ['match', ['get', 'kind'], 'highway', 3, 'major_road', 2, 'rail', 1, 0.8],
      },
    },
    {
      id: 'base-borders',
      type: 'line',
      ...of('boundaries'),
      paint: { 'line-color': faint, 'line-dasharray': [4, 2], 'line-width': 1 },
    },
    {
      id: 'base-places',
      type: 'symbol',
      ...of('places'),
      layout: name,
      paint: { 'text-color': faint, 'text-halo-color': back, 'text-halo-width': 1.5 },
    } as LayerSpecification,
  ];
}

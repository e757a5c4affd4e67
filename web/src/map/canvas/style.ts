import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';
import { LEVELS, type Level } from '../devices.ts';

/** Colours of the page as it is now: dark or light. */
export interface Colours extends Record<Level, string> {
  ground: string;
  land: string;
  line: string;
  text: string;
  faint: string;
  accent: string;
  onBadge: string;
}

/** What stands below the devices: sources and layers of tiles. */
export interface Base {
  sources: StyleSpecification['sources'];
  layers(colours: Colours): LayerSpecification[];
}

export const SOURCES = {
  devices: 'devices',
  districts: 'districts',
  outlines: 'outlines',
  drawn: 'drawn',
  track: 'track',
} as const;
export const LAYERS = { clusters: 'clusters', devices: 'devices' } as const;

const NOTHING: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };
/** Up to this zoom devices that stand close together are shown as one. */
const CLUSTER_ZOOM_MAX = 16;
const CLUSTER_PX = 44;
const CLUSTERS = {
  cluster: true,
  clusterRadius: CLUSTER_PX,
  clusterMaxZoom: CLUSTER_ZOOM_MAX,
  clusterProperties: { rank: ['max', ['get', 'rank']], open: ['+', ['get', 'open']] },
};

/** The colours of the page, read from where its style has them. */
export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    ground: of('ground'),
    land: of('panel'),
    line: of('line'),
    text: of('text'),
    faint: of('faint'),
    accent: of('accent'),
    onBadge: of('on-badge'),
    unknown: of('faint'),
    online: of('good'),
    degraded: of('moderate'),
    offline: of('trouble'),
    minor: of('minor'),
    moderate: of('moderate'),
    severe: of('severe'),
    extreme: of('extreme'),
  };
}

/** `apart`: devices that stand close together are not shown as one. */
export function styleOf(colours: Colours, base: Base | null, { apart = false } = {}): StyleSpecification {
  const data = (): { type: 'geojson'; data: typeof NOTHING } => ({ type: 'geojson', data: NOTHING });
  return {
    version: 8,
    sources: {
      ...base?.sources,
      [SOURCES.districts]: data(),
      [SOURCES.outlines]: data(),
      [SOURCES.drawn]: data(),
      [SOURCES.track]: data(),
      [SOURCES.devices]: {
        ...data(),
        ...(!apart && CLUSTERS),
      },
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': colours.ground } },
      ...(base?.layers(colours) ?? []),
      ...outlineLayers(colours),
      ...drawnLayers(colours),
      ...clusterLayers(colours),
      ...deviceLayers(colours),
    ],
  };
}

function outlineLayers(colours: Colours): LayerSpecification[] {
  const { land, line, faint, ground } = colours;
  return [
    {
      id: 'districts',
      type: 'fill',
      source: SOURCES.districts,
      paint: { 'fill-color': land, 'fill-opacity': 0.55 },
    },
    {
      id: 'district-lines',
      type: 'line',
      source: SOURCES.districts,
      paint: { 'line-color': line, 'line-width': 1.5, 'line-dasharray': [3, 2] },
    },
    {
      id: 'outline-areas',
      type: 'fill',
      source: SOURCES.outlines,
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': line, 'fill-opacity': 0.6 },
    },
    {
      id: 'outline-lines',
      type: 'line',
      source: SOURCES.outlines,
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': line, 'line-width': ['coalesce', ['get', 'width'], 2] },
    },
    {
      id: 'district-names',
      type: 'symbol',
      source: SOURCES.districts,
      layout: named(14),
      paint: { 'text-color': faint, 'text-halo-color': ground, 'text-halo-width': 1.5 },
    },
    {
      id: 'outline-names',
      type: 'symbol',
      source: SOURCES.outlines,
      filter: ['!=', ['get', 'along'], true],
      layout: named(12),
      paint: { 'text-color': faint, 'text-halo-color': ground, 'text-halo-width': 1.5 },
    },
    {
      id: 'line-names',
      type: 'symbol',
      source: SOURCES.outlines,
      filter: ['==', ['get', 'along'], true],
      layout: { ...named(12), 'symbol-placement': 'line' },
      paint: { 'text-color': faint, 'text-halo-color': ground, 'text-halo-width': 1.5 },
    },
  ];
}

function drawnLayers({ accent }: Colours): LayerSpecification[] {
  const source = SOURCES.drawn;
  return [
    { id: 'drawn', type: 'fill', source, paint: { 'fill-color': accent, 'fill-opacity': 0.15 } },
    { id: 'drawn-line', type: 'line', source, paint: { 'line-color': accent, 'line-width': 2 } },
    {
      id: 'track',
      type: 'line',
      source: SOURCES.track,
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': accent, 'line-width': 3, 'line-dasharray': [2, 1.5] },
    },
    { id: 'drawn-corners', type: 'circle', source, paint: { 'circle-color': accent, 'circle-radius': 4 } },
  ];
}

/** The colour of the worst of what stands there. */
function byRank(colours: Colours): never {
  return [
    'match',
    ['get', 'rank'],
    ...LEVELS.flatMap((level, rank) => [rank, colours[level]]),
    colours.unknown,
  ] as never;
}

function clusterLayers(colours: Colours): LayerSpecification[] {
  return [
    {
      id: LAYERS.clusters,
      type: 'circle',
      source: SOURCES.devices,
      filter: ['has', 'point_count'],
      paint: {
        'circle-color': byRank(colours),
        'circle-radius': ['step', ['get', 'point_count'], 14, 10, 17, 100, 21, 1_000, 26],
        'circle-stroke-color': colours.ground,
        'circle-stroke-width': 2,
      },
    },
    {
      id: 'cluster-counts',
      type: 'symbol',
      source: SOURCES.devices,
      filter: ['has', 'point_count'],
      layout: {
        ...FONT,
        ...OVER_ALL,
        'text-field': ['get', 'point_count_abbreviated'],
        'text-size': 13,
      },
      paint: { 'text-color': colours.onBadge },
    },
  ];
}

function deviceLayers(colours: Colours): LayerSpecification[] {
  const single = ['!', ['has', 'point_count']] as never;
  return [
    {
      id: LAYERS.devices,
      type: 'circle',
      source: SOURCES.devices,
      filter: single,
      layout: { 'circle-sort-key': ['get', 'rank'] },
      paint: {
        'circle-color': byRank(colours),
        'circle-radius': ['case', ['>', ['get', 'rank'], 3], 11, 7],
        'circle-stroke-color': ['case', ['get', 'chosen'], colours.text, colours.ground],
        'circle-stroke-width': ['case', ['get', 'chosen'], 4, 2],
      },
    },
    {
      id: 'device-letters',
      type: 'symbol',
      source: SOURCES.devices,
      filter: single,
      layout: { ...FONT, ...OVER_ALL, 'text-field': ['get', 'letter'], 'text-size': 12 },
      paint: { 'text-color': colours.onBadge },
    },
  ];
}

/** Without an address of glyphs MapLibre draws letters by the fonts of the machine. */
const FONT = { 'text-font': ['sans-serif'] };

/** Drawn whatever stands there, and nothing is left out for it. */
const OVER_ALL = { 'text-allow-overlap': true, 'text-ignore-placement': true };

function named(size: number) {
  return { ...FONT, 'text-field': ['get', 'name'] as never, 'text-size': size };
}

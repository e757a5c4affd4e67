import { type GeoJSONSource, Map as GlMap, type MapMouseEvent, ScaleControl, setWorkerUrl } from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import { trustedMapWorker } from '../../ground/trusted.ts';
import type { MapAddress } from '../address.ts';
import { type Box, boxOf, type Point } from '../geometry.ts';
import { type Base, coloursOf, LAYERS, SOURCES, styleOf } from './style.ts';

/** What is drawn, each a GeoJSON of its own. */
export type Drawn = Record<keyof typeof SOURCES, GeoJSON.FeatureCollection>;

export interface GlMapOptions {
  element: HTMLElement;
  /** Where it begins; null: around all that is drawn first. */
  at: MapAddress['at'];
  /** What is drawn first, where that is known: a map that begins there draws no other place before. */
  around: readonly Point[];
  title: string;
  base: Base | null;
  /** Small and without a hand on it: in a case. */
  still?: boolean;
  /** What stands close together is not shown as one. */
  apart?: boolean;
  onMoved(at: NonNullable<MapAddress['at']>, box: Box): void;
  onDevice(id: string): void;
  /** Somebody pressed somewhere; true where that was all of it. */
  onPressed(at: Point): boolean;
  onFailed(): void;
}

setWorkerUrl(trustedMapWorker());

const ZOOM = { first: 13, most: 19, oneStep: 1 } as const;
const EDGE_PX = 48;
/** How all of it is shown. */
const FIRST = { padding: EDGE_PX, maxZoom: ZOOM.first };

const boundsOf = ({ west, south, east, north }: Box): [number, number, number, number] => [west, south, east, north];

let canWebGl: boolean | null = null;

/** Whether this browser can draw a map; found out once. */
export function hasWebGl(): boolean {
  canWebGl ??= triesWebGl();
  return canWebGl;
}

/** A page has sixteen contexts or so, and each more takes the oldest one from whoever draws with it. */
function triesWebGl(): boolean {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('webgl2') ?? canvas.getContext('webgl');
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return context !== null;
}

/** A map by MapLibre: what is drawn, and what a hand does on it. Coordinates are those of its base. */
export class CityMap {
  readonly #map: GlMap;
  readonly #options: GlMapOptions;
  #drawn: Partial<Drawn> = {};
  /** Whether it has gone where it was to begin. */
  #isPlaced: boolean;

  constructor(options: GlMapOptions) {
    const { element, at, around, title, base, still = false, apart = false } = options;
    const box = at === null ? boxOf(around) : null;
    this.#options = options;
    this.#isPlaced = at !== null || box !== null;
    this.#map = new GlMap({
      container: element,
      style: styleOf(coloursOf(element), base, { apart }),
      center: at ? [at.lon, at.lat] : [0, 0],
      zoom: at?.zoom ?? 1,
      ...(box && { bounds: boundsOf(box), fitBoundsOptions: FIRST }),
      maxZoom: ZOOM.most,
      interactive: !still,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      // What it says of its base stands beside it, as text: nothing is parsed as HTML.
      attributionControl: false,
      fadeDuration: 0,
      locale: { 'Map.Title': title },
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.addControl(new ScaleControl({ maxWidth: 120 }), 'bottom-left');
    this.#map.on('style.load', () => this.#drawAll());
    this.#map.on('load', () => this.#tellPlace());
    element.ariaBusy = 'true';
    this.#map.on('idle', () => {
      if (this.#drawn.devices) element.ariaBusy = 'false';
    });
    this.#map.on('moveend', () => this.#tellPlace());
    this.#map.on('webglcontextlost', options.onFailed);
    this.#map.on('click', (event) => void this.#press(event));
    for (const layer of Object.values(LAYERS)) {
      this.#map.on('mouseenter', layer, () => this.#point('pointer'));
      this.#map.on('mouseleave', layer, () => this.#point(''));
    }
  }

  draw(name: keyof Drawn, what: GeoJSON.FeatureCollection): void {
    if (this.#drawn[name] === what) return;
    this.#drawn[name] = what;
    this.#source(name)?.setData(what);
    if (name === 'devices' && !this.#isPlaced && what.features.length > 0) this.showAll();
  }

  /** Draws everything anew, in the colours that the page has by now. */
  recolour(): void {
    const { element, base, apart = false } = this.#options;
    this.#map.setStyle(styleOf(coloursOf(element), base, { apart }), { diff: false });
  }

  /** Goes where all devices are seen. */
  showAll(): void {
    const points = this.#drawn.devices?.features.map(
      ({ geometry }) => (geometry as GeoJSON.Point).coordinates as never,
    );
    const box = boxOf(points ?? []);
    if (!box) return;
    const wasPlaced = this.#isPlaced;
    this.#isPlaced = true;
    this.#map.fitBounds(boundsOf(box), { ...FIRST, animate: wasPlaced });
  }

  goTo([lon, lat]: Point): void {
    this.#map.easeTo({ center: [lon, lat], zoom: Math.max(this.#map.getZoom(), ZOOM.first + 2) });
  }

  zoomBy(steps: number): void {
    this.#map.zoomTo(this.#map.getZoom() + steps * ZOOM.oneStep);
  }

  get middle(): Point {
    const { lng, lat } = this.#map.getCenter();
    return [lng, lat];
  }

  remove(): void {
    this.#map.remove();
  }

  #source(name: keyof Drawn): GeoJSONSource | undefined {
    return this.#map.getSource<GeoJSONSource>(SOURCES[name]);
  }

  #drawAll(): void {
    for (const [name, what] of Object.entries(this.#drawn)) this.#source(name as keyof Drawn)?.setData(what);
  }

  #tellPlace(): void {
    if (!this.#isPlaced) return;
    const { lng, lat } = this.#map.getCenter();
    const bounds = this.#map.getBounds();
    const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    this.#options.onMoved({ lon: lng, lat, zoom: this.#map.getZoom() }, { west, south, east, north });
  }

  async #press({ point, lngLat }: MapMouseEvent): Promise<void> {
    if (this.#options.onPressed([lngLat.lng, lngLat.lat])) return;
    const [found] = this.#map.queryRenderedFeatures(point, { layers: [LAYERS.devices, LAYERS.clusters] });
    if (!found) return;
    const { id, cluster_id: cluster } = found.properties;
    if (cluster === undefined) return this.#options.onDevice(String(id));
    const zoom = await this.#source('devices')?.getClusterExpansionZoom(cluster);
    const center = (found.geometry as GeoJSON.Point).coordinates as [number, number];
    this.#map.easeTo({ center, zoom: Math.min(zoom ?? ZOOM.most, ZOOM.most) });
  }

  #point(cursor: string): void {
    this.#map.getCanvas().style.cursor = cursor;
  }
}

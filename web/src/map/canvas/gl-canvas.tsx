import { useEffect, useRef } from 'preact/hooks';
import { theme } from '../../ground/display.ts';
import { language, t } from '../../texts.ts';
import type { MapAddress } from '../address.ts';
import type { MapDevice } from '../devices.ts';
import type { Box, Point } from '../geometry.ts';
import type { Ground } from './base.ts';
import {
  type District,
  deviceFeatures,
  districtFeatures,
  drawnFeatures,
  outlineFeatures,
  type Shift,
  trackFeatures,
} from './features.ts';
import { CityMap } from './gl-map.ts';

export interface CanvasProps {
  ground: Ground;
  devices: readonly MapDevice[];
  districts: readonly District[];
  chosen: string | null;
  corners: readonly Point[];
  /** Joined by a line. */
  track?: readonly Point[];
  at: MapAddress['at'];
  still?: boolean;
  /** What stands close together is not shown as one. */
  apart?: boolean;
  /** Given once there is a map. */
  control?: (map: CityMap | null) => void;
  onMoved(at: NonNullable<MapAddress['at']>, box: Box): void;
  onDevice(id: string): void;
  onPressed(at: Point): boolean;
  onFailed(): void;
}

/** The map itself, drawn by MapLibre. */
export function GlCanvas(props: CanvasProps) {
  const element = useRef<HTMLDivElement>(null);
  const map = useRef<CityMap | null>(null);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    try {
      map.current = new CityMap({
        element: element.current!,
        at: props.at && shifted(props.at, props.ground.shift),
        around: props.devices.map(({ at }) => props.ground.shift(at)),
        title: t('map.canvas'),
        base: props.ground.base,
        still: props.still ?? false,
        apart: props.apart ?? false,
        onMoved: (at, box) =>
          latest.current.onMoved(shifted(at, props.ground.unshift), unshiftedBox(box, props.ground)),
        onDevice: (id) => latest.current.onDevice(id),
        onPressed: (at) => latest.current.onPressed(props.ground.unshift(at)),
        onFailed: () => latest.current.onFailed(),
      });
      props.control?.(map.current);
    } catch {
      props.onFailed();
    }
    return () => {
      props.control?.(null);
      map.current?.remove();
      map.current = null;
    };
  }, [language.value, props.ground]);
  useDrawing(map, props);
  return <div class="map-gl" ref={element} />;
}

function shifted<Place extends { lon: number; lat: number }>(place: Place, shift: Shift): Place {
  const [lon, lat] = shift([place.lon, place.lat]);
  return { ...place, lon, lat };
}

function unshiftedBox(box: Box, { unshift }: Ground): Box {
  const [west, south] = unshift([box.west, box.south]);
  const [east, north] = unshift([box.east, box.north]);
  return { west, south, east, north };
}

const NO_TRACK: readonly Point[] = [];

/** Draws what has changed. */
function useDrawing(
  map: { current: CityMap | null },
  { devices, districts, chosen, corners, track = NO_TRACK, ground }: CanvasProps,
): void {
  // Who speaks otherwise, or has another ground, has another map.
  const made = [language.value, ground];
  const { shift, outlines } = ground;
  useEffect(() => {
    map.current?.draw('devices', deviceFeatures(devices, { chosen, shift }));
  }, [devices, chosen, ...made]);
  useEffect(() => {
    map.current?.draw('districts', districtFeatures(districts, shift));
  }, [districts, ...made]);
  useEffect(() => {
    map.current?.draw('drawn', drawnFeatures(corners, shift));
  }, [corners, ...made]);
  useEffect(() => {
    map.current?.draw('track', trackFeatures(track, shift));
  }, [track, ...made]);
  useEffect(() => {
    if (outlines) map.current?.draw('outlines', outlineFeatures(outlines, shift));
  }, made);
  const colours = useRef(theme.value);
  useEffect(() => {
    // It is made in the colours of the page: to do that again would begin all of it anew.
    if (colours.current === theme.value) return;
    colours.current = theme.value;
    map.current?.recolour();
  }, [theme.value]);
}

import type { MapDevice } from '../devices.ts';
import { boxOf, type Point } from '../geometry.ts';
import type { District } from './features.ts';

const WIDTH = 1_000;
/** Of a city's devices those that matter most are drawn. */
const DOTS_MAX = 1_500;

interface OutlineProps {
  devices: readonly MapDevice[];
  districts: readonly District[];
  /** Joined by a line. */
  track?: readonly Point[];
}

/** Districts and devices as lines and dots, where a browser cannot draw a map. The list beside it says the same. */
export function Outline({ devices, districts, track = [] }: OutlineProps) {
  const box = boxOf([...districts.flatMap(({ ring }) => ring), ...devices.map(({ at }) => at)]);
  if (!box) return null;
  const flat = Math.cos((((box.south + box.north) / 2) * Math.PI) / 180);
  const scale = WIDTH / Math.max((box.east - box.west) * flat, (box.north - box.south) * 1.6, 1e-6);
  const x = ([lon]: Point) => ((lon - box.west) * flat * scale).toFixed(1);
  const y = ([, lat]: Point) => ((box.north - lat) * scale).toFixed(1);
  const size = { width: (box.east - box.west) * flat * scale, height: (box.north - box.south) * scale };
  const dots = devices
    .toSorted((a, b) => a.rank - b.rank)
    .slice(-DOTS_MAX)
    .map((device) => (
      <circle
        key={device.id}
        class={`map-dot level-${device.level}`}
        cx={x(device.at)}
        cy={y(device.at)}
        r={device.rank > 3 ? 9 : 5}
      />
    ));
  return (
    <svg class="map-outline" viewBox={`-20 -20 ${size.width + 40} ${size.height + 40}`} aria-hidden="true">
      {districts.map(({ code, ring }) => (
        <polygon key={code} points={ring.map((at) => `${x(at)},${y(at)}`).join(' ')} />
      ))}
      {track.length > 1 && <polyline points={track.map((at) => `${x(at)},${y(at)}`).join(' ')} />}
      {dots}
    </svg>
  );
}

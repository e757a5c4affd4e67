import { useEffect, useMemo, useState } from 'preact/hooks';
import { ground, readGround } from './canvas/base.ts';
import { GlCanvas } from './canvas/gl-canvas.tsx';
import { hasWebGl } from './canvas/gl-map.ts';
import type { MapDevice } from './devices.ts';
import './map.css';

/** Shows houses around a place. */
const ZOOM = 15;
const NOTHING: never[] = [];

/** A place with what stands near it, without a hand on it; nothing where a map cannot be drawn. */
export function Inset({ devices, chosen }: { devices: readonly MapDevice[]; chosen: string }) {
  const [canDraw, setCanDraw] = useState(hasWebGl);
  useEffect(() => {
    const stop = new AbortController();
    void readGround(stop.signal);
    return () => stop.abort();
  }, []);
  const at = devices.find(({ id }) => id === chosen)?.at;
  const place = useMemo(() => at && { lon: at[0], lat: at[1], zoom: ZOOM }, [at?.join()]);
  if (!canDraw || !ground.value || !place) return null;
  return (
    <div class="map-inset" aria-hidden="true">
      <GlCanvas
        key={`${place.lon} ${place.lat}`}
        ground={ground.value}
        devices={devices}
        districts={NOTHING}
        chosen={chosen}
        corners={NOTHING}
        at={place}
        still
        onMoved={() => {}}
        onDevice={() => {}}
        onPressed={() => true}
        onFailed={() => setCanDraw(false)}
      />
    </div>
  );
}

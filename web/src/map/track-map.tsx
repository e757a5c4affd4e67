import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ground, readGround } from './canvas/base.ts';
import { GlCanvas } from './canvas/gl-canvas.tsx';
import { type CityMap, hasWebGl } from './canvas/gl-map.ts';
import { Outline } from './canvas/outline.tsx';
import { LEVELS, type MapDevice } from './devices.ts';
import type { Point } from './geometry.ts';
import { MapTools } from './parts/map-tools.tsx';
import './map.css';

/** A place at which something was, in the order in which it was there. */
export interface TrackPoint {
  /** Of what saw it; it may be there more than once. */
  id: string;
  at: Point;
}

interface TrackMapProps {
  points: readonly TrackPoint[];
  chosen: string | null;
  title: string;
  onPoint(id: string): void;
}

const NOTHING: never[] = [];
/** Numbers that fit on a mark. */
const NUMBERS_MAX = 2;

/** Places in order of time, numbered and joined by a line; the list beside it says the same. */
export function TrackMap({ points, chosen, title, onPoint }: TrackMapProps) {
  const [canDraw, setCanDraw] = useState(hasWebGl);
  const map = useRef<CityMap | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    void readGround(stop.signal);
    return () => stop.abort();
  }, []);
  const track = useMemo(() => points.map(({ at }) => at), [points]);
  const marks = useMemo(() => marksOf(points), [points]);
  const at = marks.find(({ id }) => id === chosen)?.at ?? null;
  useEffect(() => {
    if (at) map.current?.goTo(ground.value?.shift(at) ?? at);
  }, [chosen]);
  const below = ground.value;
  return (
    <section class="map-box track-map" aria-label={title}>
      {canDraw && below && (
        <div class="map-stage">
          <GlCanvas
            ground={below}
            devices={marks}
            districts={NOTHING}
            chosen={chosen}
            corners={NOTHING}
            track={track}
            apart
            at={null}
            control={(made) => {
              map.current = made;
            }}
            onMoved={() => {}}
            onDevice={onPoint}
            onPressed={() => false}
            onFailed={() => setCanDraw(false)}
          />
          <MapTools map={map} />
        </div>
      )}
      {!canDraw && <Outline devices={marks} districts={NOTHING} track={track} />}
    </section>
  );
}

/** Each place once, with the numbers of what was there. */
function marksOf(points: readonly TrackPoint[]): MapDevice[] {
  const numbers = new Map<string, number[]>();
  for (const [n, { id }] of points.entries()) numbers.set(id, [...(numbers.get(id) ?? []), n + 1]);
  const places = new Map(points.map((one) => [one.id, one]));
  const [level, rank] = ['minor', LEVELS.indexOf('minor')] as const;
  return [...places.values()].map(({ id, at }) => {
    const all = numbers.get(id) ?? [];
    const mark = all.slice(0, NUMBERS_MAX).join(',') + (all.length > NUMBERS_MAX ? '…' : '');
    return { id, name: id, kind: '', area: '', at, saidAtMs: null, level, rank, open: 0, mark };
  });
}

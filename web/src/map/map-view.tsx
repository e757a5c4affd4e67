import { useMemo, useRef, useState } from 'preact/hooks';
import { adjust, place, refine } from '../ground/router.ts';
import { VIEWS } from '../ground/views.ts';
import { t } from '../texts.ts';
import { addressOf, type MapAddress, queryOf } from './address.ts';
import { type Ground, ground } from './canvas/base.ts';
import { type District, districtsOf } from './canvas/features.ts';
import { GlCanvas } from './canvas/gl-canvas.tsx';
import type { CityMap } from './canvas/gl-map.ts';
import { Outline } from './canvas/outline.tsx';
import { Chosen, kindTitle } from './chosen.tsx';
import { DeviceRows } from './device-rows.tsx';
import type { MapDevice } from './devices.ts';
import { DrawBar } from './draw-bar.tsx';
import { canDraw, useFollowing } from './following.ts';
import { type Box, isInBox, isInside, type Point } from './geometry.ts';
import { Legend } from './parts/legend.tsx';
import { MapAge } from './parts/map-age.tsx';
import { MapTools } from './parts/map-tools.tsx';
import { devices, failed, loaded, truncated } from './store.ts';
import './map.css';

const NOBODY: readonly Point[] = [];

/** Where devices stand and how they are. All of it is also in the list beside the map. */
export function MapView() {
  const address = addressOf(place.value.query);
  const [box, setBox] = useState<Box | null>(null);
  const [corners, setCorners] = useState<readonly Point[] | null>(null);
  const map = useRef<CityMap | null>(null);
  useFollowing();
  const shown = useShown(address.kind);
  const districts = useMemo(() => districtsOf(devices.value), [devices.value]);
  const chosen = devices.value.find(({ id }) => id === address.device) ?? null;
  return (
    <div class="map-view">
      <section class="map-box" aria-labelledby="map-title">
        <h2 id="map-title">{t('map.title')}</h2>
        {canDraw.value && ground.value && (
          <Stage
            ground={ground.value}
            devices={shown}
            districts={districts}
            address={address}
            corners={corners}
            map={map}
            onBox={setBox}
            onCorners={setCorners}
          />
        )}
        {!canDraw.value && (
          <>
            <p class="hint">{t('map.noWebGl')}</p>
            <Outline devices={shown} districts={districts} />
          </>
        )}
        <MapAge />
        <Foot />
      </section>
      <aside class="map-side" aria-label={t('map.side')}>
        <KindFilter kind={address.kind} onKind={(kind) => change({ kind })} />
        {canDraw.value && (
          <DrawBar
            corners={corners}
            hasArea={address.area.length > 0}
            middle={() => ground.value?.unshift(map.current?.middle ?? [0, 0]) ?? [0, 0]}
            onCorners={setCorners}
            onArea={(area) => leave({ area })}
          />
        )}
        {address.device !== null && (
          <Chosen
            id={address.device}
            device={chosen}
            onShow={canDraw.value && chosen ? () => map.current?.goTo(shiftOf(chosen.at)) : null}
            onClose={() => leave({ device: null })}
          />
        )}
        <Listed shown={shown} area={address.area} box={box} onDevice={(id) => change({ device: id })} />
        <Legend />
      </aside>
    </div>
  );
}

/** Shows the same with something else. */
function change(to: Partial<MapAddress>): void {
  refine(queryOf({ ...addressOf(place.value.query), ...to }));
}

/** As {@link change}, where what was pressed is gone then: who works by keyboard goes on at the list. */
function leave(to: Partial<MapAddress>): void {
  change(to);
  document.getElementById('map-list-title')?.focus();
}

interface StageProps {
  ground: Ground;
  devices: readonly MapDevice[];
  districts: readonly District[];
  address: MapAddress;
  corners: readonly Point[] | null;
  map: { current: CityMap | null };
  onBox(box: Box): void;
  onCorners(corners: readonly Point[]): void;
}

/** The map with what is pressed on it. */
function Stage({ ground: below, devices: shown, districts, address, corners, map, onBox, onCorners }: StageProps) {
  return (
    <div class="map-stage">
      <GlCanvas
        ground={below}
        devices={shown}
        districts={districts}
        chosen={address.device}
        corners={corners ?? (address.area.length > 0 ? address.area : NOBODY)}
        at={address.at}
        control={(made) => {
          map.current = made;
        }}
        onMoved={(at, sees) => {
          onBox(sees);
          // It may still come to rest while another view is on its way.
          if (place.value.path === VIEWS.map.path) adjust(queryOf({ ...addressOf(place.value.query), at }));
        }}
        onDevice={(id) => change({ device: id })}
        onPressed={(at) => {
          if (corners === null) return false;
          onCorners([...corners, at]);
          return true;
        }}
        onFailed={() => {
          canDraw.value = false;
        }}
      />
      {corners !== null && <span class="map-cross" aria-hidden="true" />}
      <MapTools map={map} />
    </div>
  );
}

const shiftOf = (at: Point): Point => ground.value?.shift(at) ?? at;

function useShown(kind: string | null): readonly MapDevice[] {
  return useMemo(
    () => (kind === null ? devices.value : devices.value.filter((one) => one.kind === kind)),
    [devices.value, kind],
  );
}

function Foot() {
  return (
    <p class="map-foot">
      {[ground.value?.attribution, t('map.datum'), t('map.outlineOnly')].filter(Boolean).join(' · ')}
    </p>
  );
}

function KindFilter({ kind, onKind }: { kind: string | null; onKind(kind: string | null): void }) {
  const kinds = useMemo(() => [...new Set(devices.value.map((one) => one.kind))].sort(), [devices.value]);
  return (
    <label class="map-kind">
      {t('map.kind')}
      <select value={kind ?? ''} onChange={({ currentTarget }) => onKind(currentTarget.value || null)}>
        <option value="">{t('map.kind.any')}</option>
        {[...new Set([...kinds, ...(kind === null ? [] : [kind])])].map((one) => (
          <option key={one} value={one}>
            {kindTitle(one)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The devices of the drawn area; without one those that are in view, and where no map is drawn all of them. */
function Listed({
  shown,
  area,
  box,
  onDevice,
}: {
  shown: readonly MapDevice[];
  area: readonly Point[];
  box: Box | null;
  onDevice(id: string): void;
}) {
  const corners = area.map(String).join(';');
  const meant = useMemo(() => {
    if (area.length > 0) return shown.filter(({ at }) => isInside(at, area));
    return box === null ? shown : shown.filter(({ at }) => isInBox(at, box));
  }, [shown, box, corners]);
  if (failed.value) return <p class="hint">{t('map.failed')}</p>;
  if (!loaded.value) return <p class="hint">{t('map.loading')}</p>;
  return (
    <>
      {truncated.value && <p class="hint">{t('map.truncated', { n: devices.value.length })}</p>}
      <DeviceRows
        title={t(area.length > 0 ? 'map.inArea' : 'map.inView', { n: meant.length })}
        devices={meant}
        onDevice={onDevice}
      />
    </>
  );
}

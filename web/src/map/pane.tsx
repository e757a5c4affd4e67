import { useEffect, useMemo, useRef } from 'preact/hooks';
import { dutyFocus, lookAt } from '../duty/focus.ts';
import { follows } from '../ground/router.ts';
import { VIEWS } from '../ground/views.ts';
import { t } from '../texts.ts';
import { queryOf } from './address.ts';
import { ground } from './canvas/base.ts';
import { districtsOf } from './canvas/features.ts';
import { GlCanvas } from './canvas/gl-canvas.tsx';
import type { CityMap } from './canvas/gl-map.ts';
import { Outline } from './canvas/outline.tsx';
import { canDraw, useFollowing } from './following.ts';
import { MapAge } from './parts/map-age.tsx';
import { MapTools } from './parts/map-tools.tsx';
import { devices, failed, loaded } from './store.ts';
import './map.css';

const NOTHING: never[] = [];

/** The map beside the list of alerts: what is chosen in one is shown in the other. */
export function MapPane() {
  useFollowing();
  const map = useRef<CityMap | null>(null);
  const districts = useMemo(() => districtsOf(devices.value), [devices.value]);
  const focus = dutyFocus.value;
  const at = devices.value.find(({ id }) => id === focus?.device)?.at ?? null;
  useEffect(() => {
    if (focus && focus.by !== 'map' && at) map.current?.goTo(ground.value?.shift(at) ?? at);
  }, [focus, at === null]);
  const below = ground.value;
  const link = `${VIEWS.map.path}?${queryOf({ at: null, kind: null, device: focus?.device ?? null, area: [] })}`;
  return (
    <section class="map-box" aria-label={t('map.title')}>
      {canDraw.value && (
        <div class="map-stage">
          {below && (loaded.value || failed.value) && (
            <>
              <GlCanvas
                ground={below}
                devices={devices.value}
                districts={districts}
                chosen={focus?.device ?? null}
                corners={NOTHING}
                at={null}
                control={(made) => {
                  map.current = made;
                }}
                onMoved={() => {}}
                onDevice={(id) => lookAt(id, 'map')}
                onPressed={() => false}
                onFailed={() => {
                  canDraw.value = false;
                }}
              />
              <MapTools map={map} />
            </>
          )}
        </div>
      )}
      {!canDraw.value && <Outline devices={devices.value} districts={districts} />}
      <MapAge />
      <p class="map-foot">
        <a href={link} onClick={follows}>
          {t('duty.map.whole')}
        </a>
        {failed.value && ` · ${t('map.failed')}`}
        {below?.attribution && ` · ${below.attribution}`}
      </p>
    </section>
  );
}

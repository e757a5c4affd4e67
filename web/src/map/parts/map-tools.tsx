import { t } from '../../texts.ts';
import type { CityMap } from '../canvas/gl-map.ts';

/** Nearer, further, all of it. */
export function MapTools({ map }: { map: { current: CityMap | null } }) {
  return (
    <div class="map-tools">
      <button type="button" aria-label={t('map.zoomIn')} onClick={() => map.current?.zoomBy(1)}>
        +
      </button>
      <button type="button" aria-label={t('map.zoomOut')} onClick={() => map.current?.zoomBy(-1)}>
        −
      </button>
      <button type="button" onClick={() => map.current?.showAll()}>
        {t('map.all')}
      </button>
    </div>
  );
}

import { useMemo } from 'preact/hooks';
import { lazily } from '../../ground/lazy.tsx';
import { follows } from '../../ground/router.ts';
import { VIEWS } from '../../ground/views.ts';
import { LEVELS, type MapDevice } from '../../map/devices.ts';
import type { CaseAlert, NearAlert, Page } from '../../types.ts';
import { t } from '../say.ts';
import { useAnswer } from '../use-answer.ts';

const LazyInset = lazily(async () => (await import('../../map/inset.tsx')).Inset);
/** What a link to the map begins with. */
const ZOOM = 16;

/** Where it happens, with what else is open around it, and the way to the map. */
export function Place({ alert }: { alert: CaseAlert }) {
  const near = useAnswer<Page<NearAlert>>(`/alerts/${encodeURIComponent(alert.id)}/near#${alert.handling}`).answer;
  const shown = useMemo(() => [alert, ...(near?.items ?? []).map((one) => one.alert)].flatMap(markOf), [alert, near]);
  if (!alert.location) return null;
  const { lat, lon } = alert.location;
  const query = new URLSearchParams({ at: `${lat.toFixed(5)},${lon.toFixed(5)},${ZOOM}` });
  if (alert.device !== null) query.set('device', alert.device);
  return (
    <section class="panel" aria-labelledby="place-title">
      <h3 id="place-title">{t('place.title')}</h3>
      <LazyInset devices={shown} chosen={alert.id} />
      <p class="case-link">
        <a href={`${VIEWS.map.path}?${query}`} onClick={follows}>
          {t('place.map')}
        </a>{' '}
        <span class="hint">
          {lat.toFixed(5)}, {lon.toFixed(5)} (WGS-84)
        </span>
      </p>
    </section>
  );
}

type Marked = Pick<CaseAlert, 'id' | 'severity' | 'jurisdiction' | 'location'>;

/** An alert as the map draws a device. */
function markOf({ id, severity, jurisdiction, location }: Marked): MapDevice[] {
  if (!location) return [];
  const rank = LEVELS.indexOf(severity);
  const at: MapDevice['at'] = [location.lon, location.lat];
  return [{ id, name: id, kind: '', area: jurisdiction, at, saidAtMs: null, level: severity, rank, open: 1 }];
}

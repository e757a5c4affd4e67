import { useEffect, useRef } from 'preact/hooks';
import { SeverityBadge } from '../alerts/severity.tsx';
import { titleOf } from '../alerts/titles.ts';
import { useAnswer } from '../case/use-answer.ts';
import { follows } from '../ground/router.ts';
import { caseAddress } from '../ground/views.ts';
import { kinds } from '../overview.ts';
import { may } from '../session.ts';
import { age, language, t, tOf } from '../texts.ts';
import { nowMs } from '../ticker.ts';
import type { Alert, MappedDevice, Page } from '../types.ts';
import type { MapDevice } from './devices.ts';
import { LevelMark } from './parts/level-mark.tsx';

const ALERTS_MAX = 20;

/** The device that is chosen, with its open alerts and the way to their cases. */
export function Chosen({
  id,
  device,
  onShow,
  onClose,
}: {
  id: string;
  device: MapDevice | null;
  onShow: (() => void) | null;
  onClose(): void;
}) {
  const path = `/devices/${encodeURIComponent(id)}`;
  const { answer, refused } = useAnswer<MappedDevice>(`${path}#${device?.level ?? ''}`);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus({ preventScroll: true }), [id]);
  const why = answer?.health?.why;
  return (
    <section class="map-chosen" aria-labelledby="map-chosen-title">
      <h3 id="map-chosen-title" ref={title} tabIndex={-1}>
        <bdi>{device?.name ?? (answer?.id === id ? answer.name : id)}</bdi>
      </h3>
      {refused && <p class="hint">{t('map.chosen.gone')}</p>}
      {device && (
        <p class="map-facts">
          <LevelMark level={device.level} />
          {device.name !== id && <bdi>{id}</bdi>}
          <span>{kindTitle(device.kind)}</span>
          {device.saidAtMs !== null && <span>{t('map.said', { age: age(nowMs.value - device.saidAtMs) })}</span>}
        </p>
      )}
      {why && <p>{why[language.value]}</p>}
      <p class="map-chosen-tools">
        {onShow && (
          <button type="button" onClick={onShow}>
            {t('map.chosen.show')}
          </button>
        )}
        <button type="button" class="quiet" onClick={onClose}>
          {t('map.chosen.close')}
        </button>
      </p>
      {(may('alerts.read') || may('faults.read')) && (
        <OpenAlerts id={id} changed={`${device?.level} ${device?.open}`} />
      )}
    </section>
  );
}

/** `changed`: another text where the alerts of the device are not what they were. */
function OpenAlerts({ id, changed }: { id: string; changed: string }) {
  const query = `device=${encodeURIComponent(id)}&open=true&order=urgency&limit=${ALERTS_MAX}`;
  const { answer } = useAnswer<Page<Alert>>(`/alerts?${query}#${changed}`);
  if (!answer) return null;
  return (
    <>
      <h4>{t('map.chosen.alerts')}</h4>
      {answer.items.length === 0 && <p class="hint">{t('map.chosen.noAlerts')}</p>}
      <ul class="map-alerts">
        {answer.items.map((alert) => (
          <li key={alert.id}>
            <a href={caseAddress(alert.id)} onClick={follows}>
              <SeverityBadge severity={alert.severity} />
              <span>
                <bdi>{titleOf(alert)}</bdi>
                <span class="map-row-facts">
                  {t('alert.ago', { age: age(nowMs.value - Date.parse(alert.firstAt)) })} ·{' '}
                  {tOf('handling', alert.handling)}
                </span>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

export function kindTitle(kind: string): string {
  return kinds.value.get(kind)?.title[language.value] ?? kind;
}

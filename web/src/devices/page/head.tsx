import { useEffect, useRef } from 'preact/hooks';
import { districtName } from '../../alerts/choices.ts';
import { follows } from '../../ground/router.ts';
import { VIEWS } from '../../ground/views.ts';
import { age } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { WholeDevice } from '../../types.ts';
import { HealthMark } from '../health-mark.tsx';
import { t } from '../say.ts';
import { kindTitle, seenText, whyText } from '../words.ts';

/** What the device is called, how it is and why. */
export function Head({ device }: { device: WholeDevice }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus({ preventScroll: true }), []);
  const { id, name, kind, jurisdiction, state, health, otherUnit } = device;
  const why = whyText(device);
  return (
    <header class="panel device-head">
      <HealthMark health={health} />
      <div class="device-title">
        <h2 ref={title} tabIndex={-1}>
          <bdi>{name}</bdi>
        </h2>
        <p class="facts">
          <bdi>{id}</bdi>
          <span>{kindTitle(kind)}</span>
          <span>{districtName(jurisdiction)}</span>
          <span>{t(`life.${state}`)}</span>
        </p>
        <p class="facts">
          {health !== null && <strong>{t(`health.${health.health}`)}</strong>}
          {health?.since && <span>{t('device.for', { age: age(nowMs.value - Date.parse(health.since)) })}</span>}
          <span>{seenText(device)}</span>
        </p>
        {why !== '' && (
          <p>
            <bdi>{why}</bdi>
          </p>
        )}
        {otherUnit && (
          <p class="trouble">
            <bdi>{t('device.otherUnit', { serial: otherUnit.serial ?? otherUnit.mac ?? '–' })}</bdi>
          </p>
        )}
        {device.setup?.hint && (
          <p class="hint">
            <bdi lang="en">{device.setup.hint}</bdi>
          </p>
        )}
      </div>
      <span class="bar">
        <a class="as-button" href={`${VIEWS.map.path}?device=${encodeURIComponent(id)}`} onClick={follows}>
          {t('device.map')}
        </a>
        <a
          class="as-button"
          href={`/api/v1/devices/labels?ids=${encodeURIComponent(id)}&sheet=roll`}
          target="_blank"
          rel="noreferrer"
        >
          {t('device.label')}
        </a>
      </span>
    </header>
  );
}

import { useMemo } from 'preact/hooks';
import { t } from '../texts.ts';
import { kindTitle } from './chosen.tsx';
import { byGravity, LEVELS, type MapDevice } from './devices.ts';
import { LevelMark } from './parts/level-mark.tsx';

const ROWS_MAX = 50;

/** Devices as a list, the gravest first, and how many there are of each level. */
export function DeviceRows({
  title,
  devices,
  onDevice,
}: {
  title: string;
  devices: readonly MapDevice[];
  onDevice(id: string): void;
}) {
  const rows = useMemo(() => gravest(devices), [devices]);
  const counts = useMemo(() => countsOf(devices), [devices]);
  return (
    <section class="map-list" aria-labelledby="map-list-title">
      <h3 id="map-list-title" tabIndex={-1}>
        {title}
      </h3>
      <ul class="map-counts">
        {LEVELS.toReversed().map((level) => {
          const n = counts.get(level) ?? 0;
          return (
            n > 0 && (
              <li key={level}>
                <LevelMark level={level} /> <b>{n}</b>
              </li>
            )
          );
        })}
      </ul>
      {devices.length === 0 && <p class="hint">{t('map.none')}</p>}
      {devices.length > rows.length && <p class="hint">{t('map.gravest', { n: rows.length })}</p>}
      <ul class="map-rows">
        {rows.map((device) => (
          <li key={device.id}>
            <button type="button" onClick={() => onDevice(device.id)}>
              <LevelMark level={device.level} />
              <span>
                <bdi>{device.name}</bdi>
                <span class="map-row-facts">
                  {device.name !== device.id && (
                    <>
                      <bdi>{device.id}</bdi> ·{' '}
                    </>
                  )}
                  {kindTitle(device.kind)}
                  {device.open > 0 && ` · ${t('map.open', { n: device.open })}`}
                </span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function gravest(devices: readonly MapDevice[]): MapDevice[] {
  return devices.toSorted(byGravity).slice(0, ROWS_MAX);
}

function countsOf(devices: readonly MapDevice[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { level } of devices) counts.set(level, (counts.get(level) ?? 0) + 1);
  return counts;
}

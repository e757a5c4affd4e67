import { t, tOf } from '../../texts.ts';
import { LEVELS } from '../devices.ts';
import { LevelMark } from './level-mark.tsx';

/** What colours and letters stand for. */
export function Legend() {
  return (
    <details class="map-legend">
      <summary>{t('map.legend')}</summary>
      <ul>
        {LEVELS.toReversed().map((level) => (
          <li key={level}>
            <LevelMark level={level} /> {nameOf(level)}
          </li>
        ))}
      </ul>
      <p class="hint">{t('map.keys')}</p>
    </details>
  );
}

function nameOf(level: (typeof LEVELS)[number]): string {
  if (level === 'unknown' || level === 'online' || level === 'degraded' || level === 'offline') {
    return t(`map.level.${level}`);
  }
  return tOf('severity', level);
}

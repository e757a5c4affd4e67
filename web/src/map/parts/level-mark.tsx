import { SeverityBadge } from '../../alerts/severity.tsx';
import { t } from '../../texts.ts';
import { letterOf } from '../canvas/features.ts';
import type { Level } from '../devices.ts';

/** How a device is, as the map draws it, with its name for those who do not see it. */
export function LevelMark({ level }: { level: Level }) {
  if (level !== 'unknown' && level !== 'online' && level !== 'degraded' && level !== 'offline') {
    return <SeverityBadge severity={level} />;
  }
  const name = t(`map.level.${level}`);
  return (
    <svg class={`badge map-mark level-${level}`} viewBox="0 0 32 32" role="img" aria-label={name}>
      <title>{name}</title>
      <circle cx="16" cy="16" r="12" />
      <text x="16" y="22" text-anchor="middle">
        {letterOf(level)}
      </text>
    </svg>
  );
}

import type { ListedDevice } from '../types.ts';
import { t } from './say.ts';

/** How a device is, by colour, letter and name; a device that does not stand has no health. */
export function HealthMark({ health, withName = false }: { health: ListedDevice['health']; withName?: boolean }) {
  const is = health?.health ?? 'none';
  const name = is === 'none' ? t('health.letter.none') : t(`health.${is}`);
  return (
    <span class={`health health-${is}`}>
      <span class="health-mark" aria-hidden="true">
        {t(`health.letter.${is}`)}
      </span>
      <span class={withName ? undefined : 'unseen'}>{name}</span>
    </span>
  );
}

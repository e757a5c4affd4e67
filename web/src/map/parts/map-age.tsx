import { age, t } from '../../texts.ts';
import { oldMs } from '../store.ts';

/** Says so where what the map shows is no longer of now. */
export function MapAge() {
  if (oldMs.value === null) return null;
  return (
    <p class="trouble" role="status">
      {t('map.old', { age: age(oldMs.value) })}
    </p>
  );
}

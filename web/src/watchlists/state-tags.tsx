import type { Watchlist } from '../types.ts';
import { t } from './say.ts';

/** How a list stands, in words; what is urgent of it stands out by its border as well. */
export function StateTags({ list: { state, emergency, approveBy, order, asked } }: { list: Watchlist }) {
  const isOn = state === 'active' || state === 'approved';
  const how = isOn ? ' tag-on' : state === 'requested' ? ' tag-wait' : '';
  return (
    <span class="tags">
      <span class={`tag${how}`}>{t(`watch.state.${state}`)}</span>
      {emergency && approveBy !== null && <span class="tag tag-grave">{t('watch.emergency')}</span>}
      {order?.handling === 'covert' && <span class="tag tag-grave">{t('watch.covert')}</span>}
      {asked && <span class="tag tag-wait">{t(`watch.asked.${asked.what}`)}</span>}
    </span>
  );
}

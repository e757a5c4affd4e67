import { t } from '../say.ts';
import type { Values } from './drafts.ts';
import type { Outcome } from './outcome.ts';

/** Why nothing was done; the gateway's own words are English. */
export function Failed({ outcome }: { outcome: Extract<Outcome, { is: 'failed' }> }) {
  return (
    <div class="trouble" role="alert">
      <p>{outcome.why}</p>
      {outcome.says !== '' && (
        <p lang="en">
          <bdi>{outcome.says}</bdi>
        </p>
      )}
    </div>
  );
}

/** For what looks like a mistake, and may be meant. */
export function Confirm({ values, set }: { values: Values; set(name: string, value: string): void }) {
  return (
    <label class="switch">
      <input
        type="checkbox"
        checked={values.confirm === 'yes'}
        onChange={({ currentTarget }) => set('confirm', currentTarget.checked ? 'yes' : 'no')}
      />
      <span>{t('do.confirm')}</span>
    </label>
  );
}

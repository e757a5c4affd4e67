import { secrets } from '../queue/state.ts';
import { t } from '../say.ts';

/** The secret that a swap from here gave to the new unit: as long as the page is open, until somebody has it. */
export function SecretOfUnit({ number }: { number: string }) {
  const secret = secrets.value.get(number);
  if (secret === undefined) return null;
  const seen = () => {
    secrets.value = new Map([...secrets.value].filter(([order]) => order !== number));
  };
  return (
    <section class="panel" role="status">
      <p>{t('job.secret')}</p>
      <code class="secret-text">{secret}</code>
      <button type="button" onClick={seen}>
        {t('job.secret.seen')}
      </button>
    </section>
  );
}

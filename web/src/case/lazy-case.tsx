import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../texts.ts';

type Part = typeof import('./case.tsx');

const part = signal<Part | null>(null);
const failed = signal(false);

/** The case of an alert. Its part of the page is read when somebody looks at one first. */
export function LazyCase({ id }: { id: string }) {
  useEffect(() => {
    if (part.value) return;
    failed.value = false;
    import('./case.tsx').then(
      (came) => {
        part.value = came;
      },
      () => {
        failed.value = true;
      },
    );
  }, []);
  if (part.value) return <part.value.Case key={id} id={id} />;
  if (!failed.value) return <p class="plain">{t('loading')}</p>;
  // Another version of the page may be there by now, which has other parts.
  return (
    <div class="plain">
      <p>{t('case.notLoaded')}</p>
      <button type="button" onClick={() => location.reload()}>
        {t('case.again')}
      </button>
    </div>
  );
}

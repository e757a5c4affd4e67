import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../texts.ts';

/** A part of the page that is read when somebody looks at it first. */
export function lazily<Props extends object>(read: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const part = signal<{ Shown: ComponentType<Props> } | null>(null);
  const failed = signal(false);
  const begin = (): void => {
    failed.value = false;
    read().then(
      (Shown) => {
        part.value = { Shown };
      },
      () => {
        failed.value = true;
      },
    );
  };
  return function Lazy(props: Props) {
    useEffect(() => {
      if (!part.value) begin();
    }, []);
    if (part.value) return <part.value.Shown {...props} />;
    if (!failed.value) return <p class="plain">{t('loading')}</p>;
    // Another version of the page may be there by now, which has other parts.
    return (
      <div class="plain">
        <p>{t('part.notLoaded')}</p>
        <button type="button" onClick={() => location.reload()}>
          {t('part.again')}
        </button>
      </div>
    );
  };
}

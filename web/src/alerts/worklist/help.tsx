import { useEffect, useRef } from 'preact/hooks';
import { t } from '../../texts.ts';

const KEYS = [
  ['j', 'key.j'],
  ['k', 'key.k'],
  ['Enter', 'key.enter'],
  ['o', 'key.o'],
  ['a', 'key.a'],
  ['s', 'key.s'],
  ['c', 'key.c'],
  ['x', 'key.x'],
  ['u', 'key.u'],
  ['n', 'key.n'],
  ['/', 'key.slash'],
  ['?', 'key.help'],
] as const;

/** Which keys do what. The browser's own dialog keeps the focus inside, and Escape closes it. */
export function Help({ onClose }: { onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement as HTMLElement | null;
    element?.showModal();
    return () => {
      element?.close();
      before?.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} class="help" aria-label={t('help.title')} onClose={onClose}>
      <h2>{t('help.title')}</h2>
      <dl>
        {KEYS.map(([key, text]) => [
          <dt key={key}>
            <kbd>{key}</kbd>
          </dt>,
          <dd key={text}>{t(text)}</dd>,
        ])}
      </dl>
      <button type="button" onClick={onClose}>
        {t('close')}
      </button>
    </dialog>
  );
}

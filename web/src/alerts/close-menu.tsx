import { useEffect, useRef, useState } from 'preact/hooks';
import { t, tOf } from '../texts.ts';
import { VERDICTS, type Verdict } from '../types.ts';
import { close } from './store.ts';

/** A button with a small menu of verdicts. Arrow keys move, Escape leaves and gives the focus back. */
export function CloseMenu({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus();
    const onPress = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', onPress);
    return () => document.removeEventListener('pointerdown', onPress);
  }, [open]);
  const leave = () => {
    setOpen(false);
    button.current?.focus();
  };
  const choose = (verdict: Verdict) => {
    root.current?.closest<HTMLElement>('li')?.focus();
    setOpen(false);
    close(id, verdict).catch(() => undefined);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    const items = [...(root.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') leave();
    else if (event.key === 'Tab') setOpen(false);
    else if (step) items[(at + step + items.length) % items.length]?.focus();
    else return;
    if (event.key !== 'Tab') event.preventDefault();
  };
  return (
    <div class="menu-root" ref={root}>
      <button type="button" ref={button} aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t('alert.close')}
      </button>
      {open && (
        <div class="menu" role="menu" tabIndex={-1} aria-label={t('alert.closeAs')} onKeyDown={onKeyDown}>
          {VERDICTS.map((verdict) => (
            <button key={verdict} type="button" role="menuitem" tabIndex={-1} onClick={() => choose(verdict)}>
              {tOf('verdict', verdict)}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

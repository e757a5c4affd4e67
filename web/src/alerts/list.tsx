import { useEffect, useRef, useState } from 'preact/hooks';
import { canHandle } from '../session.ts';
import { t } from '../texts.ts';
import { every } from '../ticker.ts';
import { gravest } from './book.ts';
import { AlertRow } from './row.tsx';
import { SeverityBadge } from './severity.tsx';
import { ack, announcement, book, hasOlder, held, loaded, loadFailed, readOlder, showWaiting } from './store.ts';
import { link } from './stream.ts';

/** The list of alerts, newest first; j, k, a, n and Enter work anywhere on the page. */
export function AlertList() {
  const list = useRef<HTMLUListElement>(null);
  const [selected, setSelected] = useState<string | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  const { shown, alerts } = book.value;
  const toggle = (id: string) => setOpen((before) => (before === id ? null : id));
  useKeys(list, { selected, toggle });
  useHeld(list);
  const current = selected !== null && shown.includes(selected) ? selected : shown[0];
  return (
    <section class="alerts" aria-labelledby="alerts-title">
      <div class="section-head">
        <h2 id="alerts-title">{t('alerts.title')}</h2>
        <Waiting />
      </div>
      <Announcer />
      <Hint />
      <ul class="alert-list" ref={list} aria-labelledby="alerts-title">
        {shown.map((id) => {
          const alert = alerts.get(id);
          if (!alert) return null;
          return (
            <AlertRow
              key={id}
              alert={alert}
              selected={id === current}
              open={id === open}
              onSelect={() => setSelected(id)}
              onToggle={() => toggle(id)}
            />
          );
        })}
      </ul>
      {hasOlder.value && (
        <button type="button" class="older" onClick={() => readOlder().catch(() => undefined)}>
          {t('alerts.older')}
        </button>
      )}
      <p class="keys">{t('alerts.keys')}</p>
    </section>
  );
}

/** What stands there while there are no rows. */
function Hint() {
  if (link.value === 'forbidden') return <p class="hint">{t('alerts.forbidden')}</p>;
  if (loadFailed.value) return <p class="hint">{t('alerts.failed')}</p>;
  if (!loaded.value) return <p class="hint">{t('alerts.loading')}</p>;
  return book.value.shown.length === 0 ? <p class="hint">{t('alerts.none')}</p> : null;
}

/** The bar of alerts that wait because a hand is on the list. Its place is always kept. */
function Waiting() {
  const { waiting } = book.value;
  const severity = gravest(book.value, waiting);
  if (severity === null) return null;
  return (
    <button type="button" class={`waiting waiting-${severity}`} title={t('alerts.newHint')} onClick={showWaiting}>
      <SeverityBadge severity={severity} />
      {t('alerts.new', { n: waiting.length })}
    </button>
  );
}

function Announcer() {
  const { text, urgent } = announcement.value;
  return (
    <>
      <p class="unseen" aria-live="polite">
        {urgent ? '' : text}
      </p>
      <p class="unseen" aria-live="assertive">
        {urgent ? text : ''}
      </p>
    </>
  );
}

type ListRef = { readonly current: HTMLUListElement | null };

const HELD = ':hover, :has(:focus-visible), :has([role=menu])';

/**
 * The list is held while the pointer is over it, while the keyboard is in it, while a menu is open, or while its top is
 * scrolled away. Focus left by a click does not count: who clicks and looks elsewhere wants to see what comes.
 */
function useHeld(list: ListRef): void {
  useEffect(() => {
    const look = () => {
      const element = list.current;
      const now = element !== null && (element.matches(HELD) || isScrolled(element));
      if (held.value && !now) showWaiting();
      held.value = now;
    };
    const soon = () => requestAnimationFrame(look);
    const element = list.current;
    const names = ['pointerover', 'pointerleave', 'focusin', 'focusout', 'scroll'] as const;
    for (const name of names) element?.addEventListener(name, soon, { passive: true });
    addEventListener('scroll', soon, { passive: true });
    // Rows come, go and change below a pointer that does not move, and tell nobody.
    const stopLooking = every(1_000, look);
    return () => {
      for (const name of names) element?.removeEventListener(name, soon);
      removeEventListener('scroll', soon);
      stopLooking();
      held.value = false;
    };
  }, [list]);
}

function isScrolled(element: HTMLElement): boolean {
  return element.scrollTop > 8 || element.getBoundingClientRect().top < 0;
}

function useKeys(list: ListRef, { selected, toggle }: { selected: string | null; toggle(id: string): void }): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const rows = [...(list.current?.querySelectorAll<HTMLElement>(':scope > li') ?? [])];
      const here = rows.findIndex((row) => row.contains(document.activeElement));
      const id = rows[here]?.dataset.id;
      if (event.key === 'j') rows[here === -1 ? entry(rows, selected) : Math.min(here + 1, rows.length - 1)]?.focus();
      else if (event.key === 'k') rows[here === -1 ? entry(rows, selected) : Math.max(here - 1, 0)]?.focus();
      else if (event.key === 'n') showWaiting();
      else if (event.key === 'a' && id !== undefined) acknowledge(id);
      else if (event.key === 'Enter' && id !== undefined && event.target === rows[here]) toggle(id);
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [list, selected, toggle]);
}

/** Where the keyboard comes into the list: at the row it was last at, else at the top. */
function entry(rows: HTMLElement[], selected: string | null): number {
  return Math.max(
    0,
    rows.findIndex((row) => row.dataset.id === selected),
  );
}

function acknowledge(id: string): void {
  if (canHandle.value && book.value.alerts.get(id)?.handling === 'new') ack(id).catch(() => undefined);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, dialog, [role=menu]') !== null;
}

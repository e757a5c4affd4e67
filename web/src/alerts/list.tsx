import { useEffect, useRef, useState } from 'preact/hooks';
import { overview } from '../overview.ts';
import { canHandle } from '../session.ts';
import { t } from '../texts.ts';
import { every } from '../ticker.ts';
import { SEVERITIES } from '../types.ts';
import { gravest } from './book.ts';
import { desk, desks, showDesk } from './desk.ts';
import { openAlert, setOpenAlert } from './drafts.ts';
import { AlertRow } from './row.tsx';
import { SeverityBadge } from './severity.tsx';
import { ack, announcement, book, hasMore, held, loaded, loadFailed, readMore, showWaiting } from './store.ts';
import { link } from './stream.ts';

/** The list of alerts, open and gravest first; j, k, a, n and Enter work anywhere on the page. */
export function AlertList() {
  const list = useRef<HTMLUListElement>(null);
  const [selected, setSelected] = useState<string | null>(null);
  const head = useRef<HTMLDivElement>(null);
  const open = openAlert();
  const { shown, alerts } = book.value;
  const toggle = (id: string) => setOpenAlert(openAlert() === id ? null : id);
  useKeys(list, { selected, toggle });
  useHeld(list, head);
  const current = selected !== null && shown.includes(selected) ? selected : shown[0];
  return (
    <section class="alerts" aria-labelledby="alerts-title">
      <div class="section-head" ref={head}>
        <h2 id="alerts-title">{t(desk.value === 'police' ? 'alerts.title' : 'alerts.faults')}</h2>
        <Desks />
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
      {hasMore.value && <More />}
      <p class="keys">{t('alerts.keys')}</p>
    </section>
  );
}

/** The other desk, with how much is open there. */
function Desks() {
  const [other] = desks.value.filter((one) => one !== desk.value);
  if (other === undefined) return null;
  const numbers = other === 'police' ? overview.value?.alerts : overview.value?.faults;
  const open = numbers ? SEVERITIES.reduce((sum, severity) => sum + (numbers[severity] ?? 0), 0) : 0;
  return (
    <button type="button" class="quiet desk" onClick={() => showDesk(other)}>
      {t(other === 'police' ? 'alerts.title' : 'alerts.faults')}
      {open > 0 && <span class="count">{` ${open}`}</span>}
    </button>
  );
}

/** Every alert can be reached: the button goes on until the gateway has no more. */
function More() {
  const [busy, setBusy] = useState(false);
  const read = () => {
    setBusy(true);
    readMore()
      .catch(() => undefined)
      .finally(() => setBusy(false));
  };
  return (
    <button type="button" class="older" disabled={busy} onClick={read}>
      {t('alerts.more')}
    </button>
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
type HeadRef = { readonly current: HTMLElement | null };

const HELD = ':hover, :has(:focus-visible), :has([role=menu])';

/**
 * The list is held while the pointer is over it, while the keyboard is in it, while a menu is open, or while its top is
 * scrolled away. Focus left by a click does not count: who clicks and looks elsewhere wants to see what comes. While
 * alerts wait, the head above it counts too: else the bar would vanish under whoever comes to click it.
 */
function useHeld(list: ListRef, head: HeadRef): void {
  useEffect(() => {
    const look = () => {
      const element = list.current;
      const onBar = book.value.waiting.length > 0 && head.current?.matches(':hover') === true;
      const now = onBar || (element !== null && (element.matches(HELD) || isScrolled(element)));
      if (held.value && !now) showWaiting();
      held.value = now;
    };
    const soon = () => requestAnimationFrame(look);
    const element = list.current;
    const bar = head.current;
    const names = ['pointerover', 'pointerleave', 'focusin', 'focusout', 'scroll'] as const;
    for (const name of names) element?.addEventListener(name, soon, { passive: true });
    bar?.addEventListener('pointerleave', soon, { passive: true });
    addEventListener('scroll', soon, { passive: true });
    // Rows come, go and change below a pointer that does not move, and tell nobody.
    const stopLooking = every(1_000, look);
    return () => {
      for (const name of names) element?.removeEventListener(name, soon);
      bar?.removeEventListener('pointerleave', soon);
      removeEventListener('scroll', soon);
      stopLooking();
      held.value = false;
    };
  }, [list, head]);
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

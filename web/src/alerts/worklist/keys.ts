import { useEffect } from 'preact/hooks';
import { go } from '../../ground/router.ts';
import { caseAddress } from '../../ground/views.ts';
import { handles } from '../../session.ts';
import { ack } from '../actions.ts';
import { toggleMenu } from '../deeds/open-menu.ts';
import { doNow, undo } from '../deeds/undo.ts';
import { book, showWaiting } from '../store.ts';
import { choose } from './selection.ts';

/** What the keys of the list act on. */
export interface Hands {
  ids: readonly string[];
  /** The row that has the focus, or had it last. */
  current: string | null;
  /** Moves the focus to a row, drawn or not. */
  focus(index: number): void;
  toggle(id: string): void;
  showFilters(): void;
  showHelp(): void;
}

/** j, k, a, s, c, x, o, n, u, / and ? work anywhere on the page, Enter on a row; never while somebody types. */
export function useKeys(hands: Hands): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (press(event, hands)) event.preventDefault();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });
}

function press({ key, target }: KeyboardEvent, hands: Hands): boolean {
  const row = document.activeElement?.closest<HTMLElement>('.alert-list > li');
  const id = row?.dataset.id;
  if (key === 'j' || key === 'k') move(key === 'j' ? 1 : -1, id, hands);
  else if (key === 'n') showWaiting();
  else if (key === 'u') return undo();
  else if (key === '/') hands.showFilters();
  else if (key === '?') hands.showHelp();
  else if (id === undefined) return false;
  else return pressOn(id, key, { isRow: target === row, hands });
  return true;
}

function pressOn(id: string, key: string, { isRow, hands }: { isRow: boolean; hands: Hands }): boolean {
  const alert = book.value.alerts.get(id);
  const isTheirs = alert !== undefined && handles(alert);
  const isOpen = isTheirs && alert.handling !== 'closed';
  if (key === 'a') {
    if (isTheirs && alert.handling === 'new') doNow(() => ack(id)).catch(() => undefined);
  } else if (key === 's' || key === 'c') {
    if (isOpen) toggleMenu(id, key === 's' ? 'assign' : 'close');
  } else if (key === 'x') {
    if (isTheirs) choose(id, hands.ids);
  } else if (key === 'o') go(caseAddress(id));
  else if (key === 'Enter' && isRow) hands.toggle(id);
  else return false;
  return true;
}

/** From the row that has the focus; the keyboard comes in where it was last, else at the top. */
function move(step: number, id: string | undefined, { ids, current, focus }: Hands): void {
  if (ids.length === 0) return;
  const here = id === undefined ? -1 : ids.indexOf(id);
  if (here === -1) focus(Math.max(0, current === null ? 0 : ids.indexOf(current)));
  else focus(Math.min(Math.max(here + step, 0), ids.length - 1));
}

function isTyping(target: EventTarget | null): boolean {
  const field = 'input:not([type=checkbox]), textarea, select, dialog, [role=menu], [role=dialog]';
  return target instanceof HTMLElement && target.closest(field) !== null;
}

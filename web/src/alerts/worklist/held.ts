import { useEffect } from 'preact/hooks';
import { beforePicture } from '../../ground/picture.ts';
import { every } from '../../ticker.ts';
import { book, held, showWaiting } from '../store.ts';

export type ElementRef = { readonly current: HTMLElement | null };

/** A list that is scrolled by no more than this stands at its top. */
export const AT_TOP_PX = 8;
const HELD = ':hover, :has(:focus-visible), :has([role=menu], [role=dialog])';

/**
 * The list is held while the pointer is over it, while the keyboard is in it, while a menu is open, or while its top is
 * scrolled away. Focus left by a click does not count: who clicks and looks elsewhere wants to see what comes. While
 * alerts wait, the head above it counts too: else the bar would vanish under whoever comes to click it.
 */
export function useHeld(list: ElementRef, head: ElementRef): void {
  useEffect(() => {
    const look = () => {
      const element = list.current;
      const onBar = book.value.waiting.length > 0 && head.current?.matches(':hover') === true;
      const now = onBar || (element !== null && (element.matches(HELD) || isScrolled(element)));
      const before = held.value;
      held.value = now;
      if (before && !now) showWaiting();
    };
    const soon = () => beforePicture(look);
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
      if (!held.value) return;
      held.value = false;
      showWaiting();
    };
  }, [list, head]);
}

function isScrolled(element: HTMLElement): boolean {
  return element.scrollTop > AT_TOP_PX || element.getBoundingClientRect().top < 0;
}

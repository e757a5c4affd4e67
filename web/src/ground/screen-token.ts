import { effect, signal } from '@preact/signals';
import { display } from '../session.ts';

const NAMED = /^#screen=([\w-]{1,128})$/;

/** The token that a second screen was opened with; null where it came with none, or has used it. */
export const screenToken = signal<string | null>(taken());

/** Whether this page was a second screen, so that it does not ask for a password when that ends. */
export const wasDisplay = signal(false);

effect(() => {
  if (display.value !== null) wasDisplay.value = true;
});

/** Takes the token out of the address before anything else sees it: it stays in no entry of the history. */
function taken(): string | null {
  const [, token = null] = NAMED.exec(location.hash) ?? [];
  if (token !== null) history.replaceState(null, '', location.pathname);
  return token;
}

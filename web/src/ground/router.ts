import { effect, signal } from '@preact/signals';
import { whoIs } from '../session.ts';

/** Where the reader is: the path of a view, and what the query says of what it shows. */
export interface Place {
  path: string;
  query: URLSearchParams;
  /**
   * Free text of the view, such as a search: it stands in this entry of the history, and in no address. Who comes next
   * to this desk goes back to the entry and finds none.
   */
  words: string;
}

followLabel();

export const place = signal<Place>(here());

addEventListener('popstate', () => {
  followLabel();
  place.value = here();
});

effect(() => {
  void whoIs.value;
  place.value = here();
});

/** Takes what somebody typed out of this entry of the history: they leave this desk. */
export function forgetWords(): void {
  history.replaceState(null, '');
  place.value = here();
}

/** Codes on devices hold `/#/devices/ID`: they were printed before there was a page of each. */
function followLabel(): void {
  const [, path] = /^#(\/devices\/[^/?#]+)$/.exec(location.hash) ?? [];
  if (path !== undefined && location.pathname === '/') history.replaceState(null, '', path);
}

/** Goes to another address of this page; back leads here again. */
export function go(address: string): void {
  history.pushState(null, '', address);
  place.value = here();
  scrollTo(0, 0);
}

/** Shows the same view with another query, which is only what may stand in a link: no plates, no free text. */
export function refine(query: URLSearchParams, words = place.value.words): void {
  const text = query.toString();
  if (text === place.value.query.toString() && words === place.value.words) return;
  history.pushState(stateOf(words), '', text === '' ? place.value.path : `${place.value.path}?${text}`);
  place.value = here();
}

/** As {@link refine}, for what changes all the time, such as a map that is moved: back leads past it. */
export function adjust(query: URLSearchParams, words = place.value.words): void {
  const text = query.toString();
  if (text === place.value.query.toString() && words === place.value.words) return;
  history.replaceState(stateOf(words), '', text === '' ? place.value.path : `${place.value.path}?${text}`);
  place.value = here();
}

/** Follows a click on a link of ours without loading the page again; others are the browser's. */
export function follows(event: MouseEvent): void {
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  const link = event.currentTarget as HTMLAnchorElement;
  if (!plain || event.defaultPrevented || link.target !== '') return;
  event.preventDefault();
  go(link.pathname + link.search);
}

function stateOf(words: string): { words: string; of: string | null } | null {
  return words === '' ? null : { words, of: whoIs.peek() };
}

function here(): Place {
  const { words, of } = (history.state ?? {}) as { words?: unknown; of?: unknown };
  const who = whoIs.peek();
  // Of somebody who was here before.
  if (words !== undefined && who !== null && of !== who) history.replaceState(null, '');
  const query = new URLSearchParams(location.search);
  return { path: location.pathname, query, words: typeof words === 'string' && of === who ? words : '' };
}

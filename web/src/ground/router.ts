import { signal } from '@preact/signals';

/** Where the reader is: the path of a view, and what the query says of what it shows. */
export interface Place {
  path: string;
  query: URLSearchParams;
}

export const place = signal<Place>(here());

addEventListener('popstate', () => {
  place.value = here();
});

/** Goes to another address of this page; back leads here again. */
export function go(address: string): void {
  history.pushState(null, '', address);
  place.value = here();
  scrollTo(0, 0);
}

/** Shows the same view with another query, which is only what may stand in a link: no plates, no free text. */
export function refine(query: URLSearchParams): void {
  const text = query.toString();
  if (text === place.value.query.toString()) return;
  history.pushState(null, '', text === '' ? place.value.path : `${place.value.path}?${text}`);
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

function here(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

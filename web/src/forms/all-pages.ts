import { useEffect, useRef, useState } from 'preact/hooks';
import { get } from '../api.ts';
import { readAnswer } from '../case/use-answer.ts';
import { noticeEnd } from '../session.ts';
import { every } from '../ticker.ts';
import type { Page } from '../types.ts';

interface PagesOf<Item> {
  /** Of the API, with a query or without; null asks nothing. */
  path: string | null;
  /** All that is shown is read anew so often; null where a look leaves a trace. */
  everyMs: number | null;
  /** All that is shown is read anew when it changes. */
  version?: string | number;
  keyOf(item: Item): string;
}

export interface AllPages<Item> {
  /** What is shown; null until the first page is there. */
  items: readonly Item[] | null;
  hasMore: boolean;
  /** The gateway refuses the list. */
  refused: boolean;
  /** Why the last page is not here. */
  error: unknown;
  readOn(): void;
  /** Reads all that is shown anew, after something was done. */
  again(): void;
}

interface Shown<Item> {
  of: string | null;
  items: readonly Item[];
  next: string | undefined;
  pages: number;
}

/**
 * A list of the API page by page. Every page that is shown is read anew, in one go, so that after a deed no row of a
 * further page stays as it was, none is there twice, and none falls between two pages.
 */
export function usePages<Item>({ path, everyMs, version = '', keyOf }: PagesOf<Item>): AllPages<Item> {
  const [shown, setShown] = useState<Shown<Item> | null>(null);
  const [refusedOf, setRefusedOf] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [count, setCount] = useState(0);
  const [wanted, setWanted] = useState(1);
  const isReading = useRef(false);
  const again = () => setCount((before) => before + 1);
  const own = shown?.of === path ? shown : null;
  useEffect(() => {
    if (path === null) return;
    if (own === null) setWanted(1);
    const stop = new AbortController();
    isReading.current = true;
    void readPages<Item>(path, own?.pages ?? 1, stop.signal).then((read) => {
      if (stop.signal.aborted) return;
      isReading.current = false;
      setRefusedOf(read === null ? path : null);
      if (read) setShown({ of: path, ...read });
    });
    return () => stop.abort();
  }, [path, version, count]);
  useEffect(() => {
    if (path === null || own === null || own.next === undefined || wanted <= own.pages) return;
    const stop = new AbortController();
    setError(null);
    get<Page<Item>>(withCursor(path, own.next), stop.signal).then(
      ({ items, next }) => {
        if (!stop.signal.aborted) setShown({ of: path, items: [...own.items, ...items], next, pages: own.pages + 1 });
      },
      (thrown: unknown) => {
        if (stop.signal.aborted) return;
        noticeEnd(thrown);
        setError(thrown);
        setWanted(own.pages);
      },
    );
    return () => stop.abort();
  }, [own, wanted]);
  useEffect(() => {
    if (everyMs === null) return;
    // An answer that is late is waited for: asked anew each time, it would never come.
    return every(everyMs, () => {
      if (!document.hidden && !isReading.current) again();
    });
  }, [everyMs]);
  const items = own && [...new Map(own.items.map((item) => [keyOf(item), item])).values()];
  const refused = refusedOf !== null && refusedOf === path;
  const readOn = () => setWanted((own?.pages ?? 1) + 1);
  return { items, hasMore: own?.next !== undefined, refused, error, readOn, again };
}

/** So many pages, one after the other; fewer where there are no more. Null where they are refused. */
async function readPages<Item>(
  path: string,
  pages: number,
  signal: AbortSignal,
): Promise<Omit<Shown<Item>, 'of'> | null> {
  const items: Item[] = [];
  let next: string | undefined;
  for (let page = 1; ; page += 1) {
    const read = await readAnswer<Page<Item>>(page === 1 ? path : withCursor(path, next), signal);
    if (read === null) return null;
    items.push(...read.items);
    next = read.next;
    if (next === undefined || page >= pages) return { items, next, pages: page };
  }
}

function withCursor(path: string, cursor: string | undefined): string {
  return `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor ?? '')}`;
}

import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { beforePicture } from '../../ground/picture.ts';
import { AT_TOP_PX, type ElementRef } from './held.ts';
import { Heights, type Span } from './virtual.ts';
import { WholeRows } from './whole-rows.ts';

/** Until a row was seen: a row with two lines of place on a desk. */
const USUAL_PX = 96;
const GAP_PX = 8;

export interface Rows {
  heights: Heights;
  span: Span;
  /** Which of some rows are drawn whole, those most wanted first; the others are sketched. */
  wholeOf(drawn: readonly string[]): ReadonlySet<string>;
  /** What a row that is drawn whole gives its element to; the same for a row each time. */
  elementOf(id: string): (element: HTMLElement | null) => void;
  /** Brings a row to where it can be seen, before it is drawn. */
  reveal(index: number): void;
}

/**
 * Which rows of `ids` are drawn while `box` is scrolled, or the page around it. Rows that grow or shrink above what is
 * seen do not move what is seen.
 */
export function useRows(box: ElementRef, list: ElementRef, ids: readonly string[]): Rows {
  const heights = useRef(new Heights(USUAL_PX, GAP_PX)).current;
  const drawn = useRef(new Drawn()).current;
  const whole = useRef(new WholeRows(beforePicture)).current;
  const [span, setSpan] = useState<Span>({ from: 0, to: 20 });
  const [, setPictures] = useState(0);
  /** The list for which the next picture is drawn because of a look at it. */
  const lookedAt = useRef<readonly string[] | null>(null);
  const anchor = useRef<{ id: string; top: number } | null>(null);
  heights.lay(ids);

  const look = () => {
    const [outer, inner] = [box.current, list.current];
    if (!outer || !inner) return;
    const { from, to } = seen(outer, inner);
    const first = heights.at(Math.max(0, from));
    // Who is at the top wants to see what comes there.
    anchor.current = from <= AT_TOP_PX ? null : { id: ids[first] ?? '', top: heights.top(first) };
    const next = heights.span(Math.max(0, from), Math.max(0, to));
    setSpan((now) => {
      if (now.from === next.from && now.to === next.to) return now;
      lookedAt.current = ids;
      return next;
    });
  };

  const measure = () => {
    if (!drawn.measure(heights)) return;
    heights.lay(ids);
    keepInPlace(box, heights, ids, anchor.current);
    look();
    setPictures((count) => count + 1);
  };

  drawn.onResize = measure;
  drawn.onScroll = look;
  whole.onMore = () => {
    lookedAt.current = ids;
    setPictures((count) => count + 1);
  };
  useLayoutEffect(() => {
    // What was drawn for what was just looked at needs no other look, which would lay out the whole page at once.
    const isLookedAt = lookedAt.current === ids;
    lookedAt.current = null;
    if (!isLookedAt) look();
  });

  useLayoutEffect(() => drawn.follow(box.current), [box]);

  return {
    heights,
    span,
    wholeOf: (some) => whole.of(ids, some),
    elementOf: (id) => drawn.refOf(id),
    reveal: (index) => reveal(box.current, list.current, heights.top(index), heights.top(index + 1)),
  };
}

/** The elements of drawn rows, whose heights change by themselves: details unfold, text sizes change. */
class Drawn {
  onResize: () => void = () => undefined;
  onScroll: () => void = () => undefined;
  readonly #elements = new Map<string, HTMLElement>();
  readonly #refs = new Map<string, (element: HTMLElement | null) => void>();
  /** Tells of a new one, too, once the page is laid out and before it is painted: nobody else need ask for a height. */
  readonly #sizes = new ResizeObserver(() => this.onResize());

  refOf(id: string): (element: HTMLElement | null) => void {
    const known = this.#refs.get(id);
    if (known) return known;
    const ref = (element: HTMLElement | null) => {
      const before = this.#elements.get(id);
      if (before) this.#sizes.unobserve(before);
      if (element) {
        this.#elements.set(id, element);
        this.#sizes.observe(element);
      } else {
        this.#elements.delete(id);
        this.#refs.delete(id);
      }
    };
    this.#refs.set(id, ref);
    return ref;
  }

  /** Answers whether a height is not what was known. */
  measure(heights: Heights): boolean {
    let isNew = false;
    for (const [id, element] of this.#elements) isNew = heights.measure(id, element.offsetHeight) || isNew;
    return isNew;
  }

  /** Tells when what is seen of `box` is another. Returns what ends it. */
  follow(box: HTMLElement | null): () => void {
    const look = () => this.onScroll();
    const onChange = () => beforePicture(look);
    const size = new ResizeObserver(onChange);
    if (box) size.observe(box);
    box?.addEventListener('scroll', onChange, { passive: true });
    addEventListener('scroll', onChange, { passive: true });
    return () => {
      size.disconnect();
      this.#sizes.disconnect();
      box?.removeEventListener('scroll', onChange);
      removeEventListener('scroll', onChange);
    };
  }
}

/** The part of the list that can be seen, px from its top. */
function seen(box: HTMLElement, list: HTMLElement): { from: number; to: number } {
  const outer = box.getBoundingClientRect();
  const { top } = list.getBoundingClientRect();
  return { from: Math.max(0, outer.top) - top, to: Math.min(innerHeight, outer.bottom) - top };
}

function reveal(box: HTMLElement | null, list: HTMLElement | null, top: number, bottom: number): void {
  if (!box || !list) return;
  const { from, to } = seen(box, list);
  const by = top < from ? top - from : bottom > to ? bottom - to : 0;
  if (by !== 0) scrollBy(box, by);
}

function keepInPlace(
  box: ElementRef,
  heights: Heights,
  ids: readonly string[],
  at: { id: string; top: number } | null,
) {
  const index = at === null ? -1 : ids.indexOf(at.id);
  if (!box.current || at === null || index <= 0) return;
  const by = heights.top(index) - at.top;
  if (by !== 0) scrollBy(box.current, by);
}

/** On a desk the box scrolls, on a phone the page. */
function scrollBy(box: HTMLElement, px: number): void {
  if (box.scrollHeight > box.clientHeight && getComputedStyle(box).overflowY !== 'visible') box.scrollTop += px;
  else window.scrollBy(0, px);
}

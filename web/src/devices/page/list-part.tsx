import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { explain } from '../../explain.ts';
import { type AllPages, usePages } from '../../forms/all-pages.ts';
import { type SayKey, t } from '../say.ts';

const AGAIN_MS = 15_000;
const PAGE_ROWS = 10;

interface ListPartProps<Item> {
  /** Of the part, for its heading. */
  name: string;
  title: SayKey;
  /** Said where there is nothing. */
  none: SayKey;
  /** What is asked for, with a query or without. */
  path: string;
  keyOf(item: Item): string;
  row(item: Item): ComponentChildren;
  /** Read only when somebody presses: a look at it leaves a trace. */
  press?: SayKey;
  children?: ComponentChildren;
}

/** A part of the page with a list, its newest first. Absent where it is refused. */
export function ListPart<Item>(props: ListPartProps<Item>) {
  const { name, title, press, children } = props;
  const [pressed, setPressed] = useState(press === undefined);
  const path = withLimit(props.path);
  const everyMs = press === undefined ? AGAIN_MS : null;
  const pages = usePages<Item>({ path: pressed ? path : null, everyMs, keyOf: props.keyOf });
  if (pages.refused && !pages.items) return null;
  return (
    <section class="panel" aria-labelledby={`part-${name}`}>
      <h3 id={`part-${name}`}>{t(title)}</h3>
      {children}
      {!pressed && press !== undefined && (
        <button type="button" onClick={() => setPressed(true)}>
          {t(press)}
        </button>
      )}
      {pressed && !pages.items && <p class="hint">{t('part.reading')}</p>}
      {pages.items && <Rows {...props} {...pages} items={pages.items} />}
    </section>
  );
}

type RowsProps<Item> = ListPartProps<Item> & AllPages<Item> & { items: readonly Item[] };

function Rows<Item>({ items, hasMore, error, readOn, none, keyOf, row }: RowsProps<Item>) {
  return (
    <>
      {items.length === 0 && <p class="hint">{t(none)}</p>}
      <ul class="lines">
        {items.map((item) => (
          <li key={keyOf(item)}>{row(item)}</li>
        ))}
      </ul>
      {error !== null && (
        <p class="trouble" role="alert">
          {explain(error)}
        </p>
      )}
      {hasMore && (
        <button type="button" class="quiet" onClick={readOn}>
          {t('part.more')}
        </button>
      )}
    </>
  );
}

function withLimit(path: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}limit=${PAGE_ROWS}`;
}

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { get } from '../../api.ts';
import { explain } from '../../explain.ts';
import { noticeEnd } from '../../session.ts';
import type { Page } from '../../types.ts';
import { type SayKey, t } from '../say.ts';
import { usePolled } from './polled.ts';

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
  const { answer, refused } = usePolled<Page<Item>>(pressed ? path : null, press === undefined ? AGAIN_MS : 3_600_000);
  if (refused && !answer) return null;
  return (
    <section class="panel" aria-labelledby={`part-${name}`}>
      <h3 id={`part-${name}`}>{t(title)}</h3>
      {children}
      {!pressed && press !== undefined && (
        <button type="button" onClick={() => setPressed(true)}>
          {t(press)}
        </button>
      )}
      {pressed && !answer && <p class="hint">{t('part.reading')}</p>}
      {answer && <Rows {...props} first={answer} path={path} />}
    </section>
  );
}

function Rows<Item>({ first, path, none, keyOf, row }: ListPartProps<Item> & { first: Page<Item> }) {
  const [more, setMore] = useState<Page<Item> | null>(null);
  const [trouble, setTrouble] = useState('');
  const items = distinct([...first.items, ...(more?.items ?? [])], keyOf);
  const next = more ? more.next : first.next;
  const readOn = () => {
    setTrouble('');
    get<Page<Item>>(`${path}&cursor=${encodeURIComponent(next ?? '')}`).then(
      ({ items: further, next: then }) => {
        setMore({ items: [...(more?.items ?? []), ...further], ...(then !== undefined && { next: then }) });
      },
      (error) => {
        noticeEnd(error);
        setTrouble(explain(error));
      },
    );
  };
  return (
    <>
      {items.length === 0 && <p class="hint">{t(none)}</p>}
      <ul class="lines">
        {items.map((item) => (
          <li key={keyOf(item)}>{row(item)}</li>
        ))}
      </ul>
      {trouble !== '' && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      {next !== undefined && (
        <button type="button" class="quiet" onClick={readOn}>
          {t('part.more')}
        </button>
      )}
    </>
  );
}

function distinct<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}

function withLimit(path: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}limit=${PAGE_ROWS}`;
}

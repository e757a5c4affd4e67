import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { get } from '../../api.ts';
import { usePolled } from '../../devices/page/polled.ts';
import { explain } from '../../explain.ts';
import { noticeEnd } from '../../session.ts';
import type { Page } from '../../types.ts';
import { t } from '../say.ts';

interface ListProps<Item> {
  /** What is asked for, with its filters; null asks nothing. */
  path: string | null;
  /** Said where there is nothing. */
  none: string;
  keyOf(item: Item): string;
  /** `again` reads the list anew, after something was done. */
  row(item: Item, again: () => void): ComponentChildren;
  /** Read anew so often; null where a look leaves a trace. */
  everyMs?: number | null;
  /** Which of what came are shown; all without it. */
  isMeant?(item: Item): boolean;
  /** Changes when something was done elsewhere: the list is read anew. */
  after?: string | number;
}

const AGAIN_MS = 15_000;

/** A list of the gateway, page by page. It says when it cannot be read. */
export function List<Item>({ everyMs = AGAIN_MS, after = '', path, ...props }: ListProps<Item>) {
  const { answer, refused, again } = usePolled<Page<Item>>(path === null ? null : `${path}#${after}`, everyMs);
  if (path === null) return null;
  if (refused) {
    return (
      <p class="trouble" role="alert">
        {t('admin.refused')}
      </p>
    );
  }
  if (!answer) return <p class="hint">{t('part.reading')}</p>;
  return <Rows {...props} key={path} path={path} first={answer} again={again} />;
}

type RowsProps<Item> = Pick<ListProps<Item>, 'none' | 'keyOf' | 'row' | 'isMeant'> & {
  path: string;
  first: Page<Item>;
  again(): void;
};

function Rows<Item>({ first, path, none, keyOf, row, again, isMeant = () => true }: RowsProps<Item>) {
  const [more, setMore] = useState<Page<Item> | null>(null);
  const [trouble, setTrouble] = useState('');
  const all = new Map([...first.items, ...(more?.items ?? [])].map((item) => [keyOf(item), item]));
  const items = [...all.values()].filter(isMeant);
  const next = more ? more.next : first.next;
  const readOn = async () => {
    setTrouble('');
    try {
      const asked = `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(next ?? '')}`;
      const further = await get<Page<Item>>(asked);
      setMore({ ...further, items: [...(more?.items ?? []), ...further.items] });
    } catch (error) {
      noticeEnd(error);
      setTrouble(explain(error));
    }
  };
  return (
    <>
      {items.length === 0 && <p class="hint">{none}</p>}
      <ul class="admin-rows">
        {items.map((item) => (
          <li key={keyOf(item)}>{row(item, again)}</li>
        ))}
      </ul>
      {trouble !== '' && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      {next !== undefined && (
        <button type="button" class="quiet" onClick={() => void readOn()}>
          {t('part.more')}
        </button>
      )}
    </>
  );
}

interface RowProps {
  title: ComponentChildren;
  /** A word for how it is; `bad` where somebody has to look. */
  mark?: string | false;
  bad?: boolean;
  facts: readonly (string | false | null)[];
  deeds?: ComponentChildren;
  children?: ComponentChildren;
}

/** One thing of a list: what it is, what is known of it, and what can be done with it. */
export function Row({ title, mark = false, bad = false, facts, deeds, children }: RowProps) {
  return (
    <>
      <p class="admin-row-title">
        <b>
          <bdi>{title}</bdi>
        </b>
        {mark !== false && <span class={bad ? 'mark mark-bad' : 'mark'}>{mark}</span>}
      </p>
      <p class="facts">
        {facts
          .filter((fact) => fact !== false && fact !== null && fact !== '')
          .map((fact) => (
            <bdi key={String(fact)}>{fact}</bdi>
          ))}
      </p>
      {deeds && <div class="deeds">{deeds}</div>}
      {children}
    </>
  );
}

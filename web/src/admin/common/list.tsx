import type { ComponentChildren } from 'preact';
import { explain } from '../../explain.ts';
import { usePages } from '../../forms/all-pages.ts';
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
  const { none, keyOf, row, isMeant = () => true } = props;
  const { items, hasMore, refused, error, readOn, again } = usePages<Item>({ path, everyMs, version: after, keyOf });
  if (path === null) return null;
  if (refused) {
    return (
      <p class="trouble" role="alert">
        {t('admin.refused')}
      </p>
    );
  }
  if (!items) return <p class="hint">{t('part.reading')}</p>;
  const meant = items.filter(isMeant);
  return (
    <>
      {meant.length === 0 && <p class="hint">{none}</p>}
      <ul class="admin-rows">
        {meant.map((item) => (
          <li key={keyOf(item)}>{row(item, again)}</li>
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

/** What is known of something; `title` is said of it besides, to who asks. */
type Fact = string | { text: string; title: string | undefined };

interface RowProps {
  title: ComponentChildren;
  /** A word for how it is; `bad` where somebody has to look. */
  mark?: string | false;
  bad?: boolean;
  facts: readonly (Fact | false | null)[];
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
          .flatMap((fact) => (typeof fact === 'string' ? { text: fact, title: undefined } : fact || []))
          .filter(({ text }) => text !== '')
          .map(({ text, title }) => (
            <bdi key={text} title={title}>
              {text}
            </bdi>
          ))}
      </p>
      {deeds && <div class="deeds">{deeds}</div>}
      {children}
    </>
  );
}

import type { ComponentChildren } from 'preact';
import { FORM_TEXTS } from '../texts/work/forms.ts';
import { wording } from '../texts.ts';
import { usePages } from './all-pages.ts';
import { Trouble } from './trouble.tsx';

const t = wording(FORM_TEXTS);
const AGAIN_MS = 15_000;

interface PagesProps<Item> {
  /** Of the API, with a limit. */
  path: string;
  /** Read anew when this changes. */
  version: number;
  none: string;
  keyOf(item: Item): string;
  row(item: Item): ComponentChildren;
}

/** A list of the API, kept in step; further pages come when somebody asks for them. */
export function Pages<Item>({ path, version, none, keyOf, row }: PagesProps<Item>) {
  const { items, hasMore, refused, error, readOn } = usePages<Item>({ path, everyMs: AGAIN_MS, version, keyOf });
  if (!items) return <p class="hint">{t(refused ? 'list.refused' : 'list.loading')}</p>;
  return (
    <>
      {items.length === 0 && <p class="hint">{none}</p>}
      <ul class="paper-rows">
        {items.map((item) => (
          <li key={keyOf(item)}>{row(item)}</li>
        ))}
      </ul>
      <Trouble error={error} />
      {hasMore && (
        <button type="button" class="older off-paper" onClick={readOn}>
          {t('list.more')}
        </button>
      )}
    </>
  );
}

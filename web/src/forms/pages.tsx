import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { get } from '../api.ts';
import { usePolled } from '../devices/page/polled.ts';
import { noticeEnd } from '../session.ts';
import { FORM_TEXTS } from '../texts/work/forms.ts';
import { wording } from '../texts.ts';
import type { Page } from '../types.ts';
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

/** A list of the API, its first page kept in step, further ones when somebody asks for them. */
export function Pages<Item>({ path, version, none, keyOf, row }: PagesProps<Item>) {
  const { answer, refused } = usePolled<Page<Item>>(`${path}#${version}`, AGAIN_MS);
  const [more, setMore] = useState<Page<Item> | null>(null);
  const [error, setError] = useState<unknown>(null);
  if (!answer) return <p class="hint">{t(refused ? 'list.refused' : 'list.loading')}</p>;
  const all = new Map([...answer.items, ...(more?.items ?? [])].map((item) => [keyOf(item), item]));
  const next = more ? more.next : answer.next;
  const readOn = () => {
    setError(null);
    get<Page<Item>>(`${path}&cursor=${encodeURIComponent(next ?? '')}`).then(
      (page) => {
        const items = [...(more?.items ?? []), ...page.items];
        setMore({ items, ...(page.next !== undefined && { next: page.next }) });
      },
      (thrown: unknown) => {
        noticeEnd(thrown);
        setError(thrown);
      },
    );
  };
  return (
    <>
      {all.size === 0 && <p class="hint">{none}</p>}
      <ul class="paper-rows">
        {[...all].map(([key, item]) => (
          <li key={key}>{row(item)}</li>
        ))}
      </ul>
      <Trouble error={error} />
      {next !== undefined && (
        <button type="button" class="older off-paper" onClick={readOn}>
          {t('list.more')}
        </button>
      )}
    </>
  );
}

import { useRef } from 'preact/hooks';
import { KeptForm } from '../forms/kept-form.tsx';
import type { Watchlist } from '../types.ts';
import { type Added, addPlates, csvOf } from './deeds.ts';
import { LinesField } from './new-list.tsx';
import { t } from './say.ts';

/** Adds what is typed, or a file, to a draft. */
export function AddPlates({
  list,
  onAdded,
  onLeave,
}: {
  list: Watchlist;
  onAdded(added: Added): void;
  onLeave(): void;
}) {
  const file = useRef<HTMLInputElement>(null);
  return (
    <KeptForm
      draft={`watchlist add ${list.id}`}
      title={t('list.add')}
      does={t('list.add.do')}
      fields={(props) => (
        <>
          <LinesField {...props} needed={false} />
          <label>
            {t('list.add.file')}
            <input ref={file} type="file" accept=".csv,text/csv" />
          </label>
        </>
      )}
      run={(values) => addPlates(list.id, file.current?.files?.[0] ?? csvOf(values.lines ?? '', list.reason))}
      onDone={onAdded}
      onCancel={onLeave}
    />
  );
}

/** What came of it. */
export function AddedHint({ added }: { added: Added }) {
  const { added: n, known, refused, faults } = added;
  return (
    <div role="status">
      <p>{t('list.add.done', { added: n, known, refused })}</p>
      <ul>
        {faults.map(({ line, message }) => (
          <li key={line} lang="en">
            <bdi>{t('list.add.fault', { line, message })}</bdi>
          </li>
        ))}
      </ul>
    </div>
  );
}

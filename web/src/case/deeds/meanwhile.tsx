import { nameOf } from '../../people.ts';
import type { Change } from '../changes.ts';
import { t, tOf } from '../say.ts';

/** What others changed while somebody was filling in a form. */
export function Meanwhile({ changes, refused }: { changes: readonly Change[]; refused: boolean }) {
  if (changes.length === 0) return null;
  return (
    <div class="meanwhile" role="alert">
      <p>{t('meanwhile.title')}</p>
      <ul>
        {changes.map((change) => (
          <li key={`${change.what} ${change.to}`}>
            <bdi>{changeText(change)}</bdi>
          </li>
        ))}
      </ul>
      {refused && <p>{t('meanwhile.again')}</p>}
    </div>
  );
}

function changeText({ what, from, to, by }: Change): string {
  if (what === 'comment') return `${t('what.comment', { by: by ?? '' })}: ${to ?? ''}`;
  return t('meanwhile.line', { what: t(`what.${what}`), from: wordOf(what, from), to: wordOf(what, to) });
}

function wordOf(what: Exclude<Change['what'], 'comment'>, word: string | null): string {
  if (word === null) return t('meanwhile.nothing');
  if (what === 'assignedTo') return nameOf(word);
  return what === 'incident' ? t('incident.some') : tOf(what, word);
}

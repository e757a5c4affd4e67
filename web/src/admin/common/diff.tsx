import { t } from '../say.ts';
import { type DiffLine, diffLines } from './diff-lines.ts';

const SIGNS = { same: ' ', gone: '−', new: '+' } as const;
/** Lines that stay the same are shown so far around a change. */
const AROUND = 3;

/** What changes from one text to another. */
export function Diff({ before, after }: { before: string; after: string }) {
  const lines = diffLines(before, after);
  if (lines.every(({ is }) => is === 'same')) return <p class="hint">{t('diff.same')}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by the keyboard
    <section class="diff" aria-label={t('diff.title')} tabIndex={0}>
      <ul>
        {nearChanges(lines).map(({ line, at }) => (
          <li key={at} class={`diff-${line?.is ?? 'left-out'}`}>
            {line ? (
              <>
                <span class="unseen">{line.is === 'same' ? '' : t(`diff.${line.is}`)}</span>
                <span aria-hidden="true">{SIGNS[line.is]} </span>
                <bdi>{line.text}</bdi>
              </>
            ) : (
              '…'
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Without what is far from any change; a line of null stands for what was left out. */
function nearChanges(lines: readonly DiffLine[]): { line: DiffLine | null; at: number }[] {
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(({ is }) => is !== 'same'),
  );
  return lines.flatMap((line, at): { line: DiffLine | null; at: number }[] => {
    if (near[at]) return [{ line, at }];
    return at === 0 || near[at - 1] ? [{ line: null, at }] : [];
  });
}

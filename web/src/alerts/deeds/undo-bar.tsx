import { clockOffsetMs } from '../../api.ts';
import { t } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import { outcome } from './deeds.ts';
import { pending, undo } from './undo.ts';

/** What is about to be done and can still be taken back, and what came of the last deed with several alerts. */
export function UndoBar() {
  const waiting = pending.value;
  const now = nowMs.value - clockOffsetMs.value;
  const last = waiting.at(-1);
  return (
    <>
      <p class="unseen" aria-live="polite">
        {last ? last.say(5) : outcome.value}
      </p>
      {(waiting.length > 0 || outcome.value !== '') && (
        <div class="undo-bar">
          {waiting.map(({ id, say, atMs }) => (
            <p class="undo-line" key={id}>
              <bdi>{say(Math.max(1, Math.ceil((atMs - now) / 1_000)))}</bdi>
              <button type="button" onClick={() => undo(id)}>
                {t('undo.undo')}
              </button>
            </p>
          ))}
          {waiting.length === 0 && (
            <p>
              <bdi>{outcome.value}</bdi>
              <button type="button" onClick={forget}>
                {t('close')}
              </button>
            </p>
          )}
        </div>
      )}
    </>
  );
}

function forget(): void {
  outcome.value = '';
}

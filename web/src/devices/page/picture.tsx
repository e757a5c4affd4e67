import type { TargetedEvent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, request } from '../../api.ts';
import { explain } from '../../explain.ts';
import { lookPurpose, noticeEnd } from '../../session.ts';
import { t } from '../say.ts';
import { timeText } from '../words.ts';

const ANSWER_MS = 60_000;
const CASE_MAX = 64;

type Shown =
  | { is: 'nothing' }
  | { is: 'reading' }
  | { is: 'here'; url: string; at: string }
  | { is: 'needs-case' }
  | { is: 'failed'; why: string };

/** The last picture of a camera. It is read when somebody presses: each look is registered. */
export function LastPicture({ id, name }: { id: string; name: string }) {
  const [shown, setShown] = useState<Shown>({ is: 'nothing' });
  const url = shown.is === 'here' ? shown.url : null;
  useEffect(() => () => (url === null ? undefined : URL.revokeObjectURL(url)), [url]);
  const look = async (named = '') => {
    setShown({ is: 'reading' });
    setShown(await read(id, named));
  };
  return (
    <section class="panel" aria-labelledby="part-picture">
      <h3 id="part-picture">{t('device.picture')}</h3>
      {shown.is === 'here' && (
        <figure>
          <img src={shown.url} alt={t('device.picture.of', { name })} />
          <figcaption>{t('device.picture.at', { time: timeText(shown.at) })}</figcaption>
        </figure>
      )}
      {shown.is === 'failed' && (
        <p class="trouble" role="alert">
          {t('device.picture.failed', { reason: shown.why })}
        </p>
      )}
      {shown.is === 'reading' && <p class="hint">{t('device.picture.reading')}</p>}
      {shown.is === 'nothing' && <p class="hint">{t('device.picture.registered')}</p>}
      {shown.is === 'needs-case' ? (
        <CaseForm onNamed={(named) => void look(named)} />
      ) : (
        <button type="button" disabled={shown.is === 'reading'} onClick={() => void look()}>
          {t(shown.is === 'here' ? 'device.picture.again' : 'device.picture.show')}
        </button>
      )}
    </section>
  );
}

async function read(id: string, named: string): Promise<Shown> {
  const query = new URLSearchParams({ purpose: lookPurpose.value, ...(named !== '' && { case: named }) });
  try {
    const path = `/streams/${encodeURIComponent(id)}/snapshot.jpg?${query}`;
    const answer = await request(path, { signal: AbortSignal.timeout(ANSWER_MS) });
    const at = new Date(answer.headers.get('last-modified') ?? Date.now()).toISOString();
    return { is: 'here', url: URL.createObjectURL(await answer.blob()), at };
  } catch (error) {
    noticeEnd(error);
    const needsCase = error instanceof ApiError && error.code === 'look.incident-missing';
    return needsCase ? { is: 'needs-case' } : { is: 'failed', why: explain(error) };
  }
}

/** Asks for the number of the incident that pictures of children, say, are looked at for. */
function CaseForm({ onNamed }: { onNamed(named: string): void }) {
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const named = String(new FormData(event.currentTarget).get('case')).trim();
    if (named !== '') onNamed(named);
  };
  return (
    <form class="case-number" onSubmit={submit}>
      <p>{t('device.picture.needsCase')}</p>
      <label>
        {t('device.picture.case')}
        <input name="case" maxLength={CASE_MAX} autocomplete="off" required />
      </label>
      <button type="submit">{t('device.picture.show')}</button>
    </form>
  );
}

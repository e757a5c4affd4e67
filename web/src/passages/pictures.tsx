import { useEffect, useState } from 'preact/hooks';
import { ApiError, request } from '../api.ts';
import { Trouble } from '../forms/trouble.tsx';
import { noticeEnd } from '../session.ts';
import type { Passage } from '../types.ts';
import type { Asked } from './question.ts';
import { t } from './say.ts';

const ANSWER_MS = 60_000;
const ID = /^[0-9a-f-]{36}$/;

/** Ids of the pictures that a passage names. */
export function picturesOf({ data }: Passage): string[] {
  const { images } = data;
  return Array.isArray(images) ? images.filter((id): id is string => typeof id === 'string' && ID.test(id)) : [];
}

/** Its pictures, once somebody presses for them: each is a look that is registered, for what the search was for. */
export function PassagePictures({ passage, asked, place }: { passage: Passage; asked: Asked; place: string }) {
  const [isAsked, setAsked] = useState(false);
  const ids = picturesOf(passage);
  if (ids.length === 0) return null;
  if (isAsked) {
    return (
      <div class="pass-pictures">
        {ids.map((id, n) => (
          <Picture key={id} id={id} asked={asked} alt={t('pass.pictureOf', { n: n + 1, place })} />
        ))}
      </div>
    );
  }
  return (
    <button type="button" class="off-paper" onClick={() => setAsked(true)}>
      {ids.length === 1 ? t('pass.picture') : t('pass.pictures', { n: ids.length })}
    </button>
  );
}

function Picture({ id, asked, alt }: { id: string; asked: Asked; alt: string }) {
  const [url, setUrl] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const stop = new AbortController();
    let made: string | null = null;
    void read(id, asked, stop.signal).then(
      (blob) => {
        if (stop.signal.aborted) return;
        made = URL.createObjectURL(blob);
        setUrl(made);
      },
      (thrown: unknown) => {
        if (stop.signal.aborted) return;
        noticeEnd(thrown);
        setError(thrown);
      },
    );
    return () => {
      stop.abort();
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [id]);
  if (error instanceof ApiError && error.status === 404) return <p class="hint">{t('pass.pictureGone')}</p>;
  if (error !== null) return <Trouble error={error} />;
  return url === null ? <p class="hint">{t('list.loading')}</p> : <img src={url} alt={alt} />;
}

async function read(id: string, asked: Asked, signal: AbortSignal): Promise<Blob> {
  const query = new URLSearchParams({ purpose: asked.purpose, ...(asked.case !== undefined && { case: asked.case }) });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  return await (await request(`/images/${id}?${query}`, { signal: limit })).blob();
}

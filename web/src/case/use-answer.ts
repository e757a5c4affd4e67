import { useEffect, useState } from 'preact/hooks';
import { ApiError, get } from '../api.ts';
import { noticeEnd } from '../session.ts';
import { retryPause } from '../ticker.ts';

const BACKOFF_MAX_MS = 15_000;

export interface Asked<Answer> {
  /** Null until it is there. */
  answer: Answer | null;
  /** It was refused; what the gateway could not answer is asked for again. */
  refused: boolean;
  /** Which question the last answer is to. */
  to: string | null;
}

/** What the gateway answers to a question; null asks nothing. Until another one is answered, the one before stays. */
export function useAnswer<Answer>(path: string | null): Asked<Answer> {
  const [asked, setAsked] = useState<Asked<Answer>>({ answer: null, refused: false, to: path });
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    void readAnswer<Answer>(path, stop.signal).then((answer) => {
      if (!stop.signal.aborted) setAsked({ answer, refused: answer === null, to: path });
    });
    return () => stop.abort();
  }, [path]);
  return { ...asked, refused: asked.refused && asked.to === path };
}

/** What the gateway answers, as soon as it does; null where it is refused, or nobody wants it any more. */
export async function readAnswer<Answer>(path: string, signal: AbortSignal): Promise<Answer | null> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      return await get<Answer>(path, signal);
    } catch (error) {
      if (signal.aborted) return null;
      noticeEnd(error);
      if (error instanceof ApiError && error.status !== 0 && error.status < 500 && error.status !== 429) return null;
      await retryPause(attempt, BACKOFF_MAX_MS, signal).catch(() => undefined);
    }
  }
  return null;
}

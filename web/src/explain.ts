import { ApiError } from './api.ts';
import { t } from './texts.ts';

/** What went wrong, in the reader's words. */
export function explain(error: unknown): string {
  const { status, retryAfterS } = error instanceof ApiError ? error : new ApiError(0);
  if (status === 0 || status === 502 || status === 503 || status === 504) return t('error.offline');
  if (status === 403) return t('error.forbidden');
  if (status === 404) return t('error.gone');
  if (status === 429) return t('error.rate', { s: retryAfterS ?? 10 });
  return t('error.other', { status });
}

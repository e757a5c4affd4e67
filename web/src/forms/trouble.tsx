import { ApiError } from '../api.ts';
import { explain } from '../explain.ts';
import { FORM_TEXTS } from '../texts/work/forms.ts';
import { wording } from '../texts.ts';

const t = wording(FORM_TEXTS);

/** Why nothing was done, in the reader's words, and in those of the gateway, which are English. Nothing for null. */
export function Trouble({ error }: { error: unknown }) {
  if (error === null || error === undefined) return null;
  const { says } = error instanceof ApiError ? error : new ApiError(0);
  return (
    <div class="trouble" role="alert">
      <p>{whyOf(error)}</p>
      {says !== '' && (
        <p lang="en">
          <bdi>{says}</bdi>
        </p>
      )}
    </div>
  );
}

function whyOf(error: unknown): string {
  const status = error instanceof ApiError ? error.status : 0;
  if (status === 409 || status === 412) return t('form.faster');
  return status === 400 || status === 422 ? t('form.refused') : explain(error);
}

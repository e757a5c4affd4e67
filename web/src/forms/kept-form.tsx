import type { ComponentChildren, TargetedEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { keepValuesUnder, type Values, valuesUnder } from '../alerts/drafts.ts';
import type { FieldProps } from '../case/deeds/fields.tsx';
import { noticeEnd } from '../session.ts';
import { FORM_TEXTS } from '../texts/work/forms.ts';
import { wording } from '../texts.ts';
import { Trouble } from './trouble.tsx';

const t = wording(FORM_TEXTS);

interface KeptFormProps<Answer> {
  /** Under which name what was typed is kept: it outlives the session and the page, for who typed it. */
  draft: string;
  title: string;
  /** What the button says. */
  does: string;
  fields(props: FieldProps): ComponentChildren;
  run(values: Values): Promise<Answer>;
  onDone(answer: Answer): void;
  /** Without it the form is there for good. */
  onCancel?: () => void;
}

/** A form whose values are kept until they are sent. */
export function KeptForm<Answer>({ draft, title, does, fields, run, onDone, onCancel }: KeptFormProps<Answer>) {
  const form = useRef<HTMLFormElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const values = valuesUnder(draft);
  useEffect(() => {
    if (onCancel) form.current?.querySelector<HTMLElement>('input, textarea, select')?.focus();
  }, []);
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(null);
    run(valuesUnder(draft))
      .then(
        (answer) => {
          keepValuesUnder(draft, {});
          onDone(answer);
        },
        (thrown: unknown) => {
          noticeEnd(thrown);
          setError(thrown);
        },
      )
      .finally(() => setBusy(false));
  };
  const cancel = () => {
    keepValuesUnder(draft, {});
    onCancel?.();
  };
  return (
    <form class="deed-form" ref={form} onSubmit={submit} aria-label={title}>
      {fields({ values, set: (name, value) => keepValuesUnder(draft, { ...valuesUnder(draft), [name]: value }) })}
      <Trouble error={error} />
      <div class="bar">
        <button type="submit" class="primary" disabled={busy}>
          {busy ? t('form.busy') : does}
        </button>
        {onCancel && (
          <button type="button" onClick={cancel}>
            {t('form.cancel')}
          </button>
        )}
      </div>
    </form>
  );
}

/** Whether something was typed into a form and not sent. */
export function isBegun(draft: string): boolean {
  return Object.keys(valuesUnder(draft)).length > 0;
}

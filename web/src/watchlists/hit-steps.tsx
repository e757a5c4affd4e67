import { useState } from 'preact/hooks';
import { TextField } from '../case/deeds/fields.tsx';
import { isBegun, KeptForm } from '../forms/kept-form.tsx';
import { spanText } from '../forms/moments.ts';
import { Trouble } from '../forms/trouble.tsx';
import { may, noticeEnd } from '../session.ts';
import type { Hit } from '../types.ts';
import { type HitStep, needsText, stepsOf, takeStep } from './deeds.ts';
import { t } from './say.ts';

/** How far a hit has come, and the next steps for who may take them. */
export function HitSteps({ hit, onChanged }: { hit: Hit; onChanged(): void }) {
  const steps = stepsOf(hit, may);
  const draftOf = (step: HitStep) => `hit ${step} ${hit.alert}`;
  const [open, setOpen] = useState<HitStep | null>(() => steps.find((step) => isBegun(draftOf(step))) ?? null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const take = (step: HitStep) => {
    setBusy(true);
    setError(null);
    takeStep(hit.alert, step, '')
      .catch((thrown: unknown) => {
        noticeEnd(thrown);
        setError(thrown);
      })
      .finally(() => {
        setBusy(false);
        onChanged();
      });
  };
  const form = open !== null && needsText(open) && steps.includes(open) ? open : null;
  return (
    <div class="hit">
      <Stages hit={hit} />
      {steps.length > 0 && (
        <div class="deed-bar off-paper">
          {steps.map((step) => (
            <button
              type="button"
              key={step}
              class={step === 'sign' ? 'primary' : undefined}
              disabled={busy}
              aria-expanded={needsText(step) ? open === step : undefined}
              onClick={() => (needsText(step) ? setOpen(open === step ? null : step) : take(step))}
            >
              {t(`hit.${step}`)}
            </button>
          ))}
        </div>
      )}
      <Trouble error={error} />
      {form && (
        <KeptForm
          key={form}
          draft={draftOf(form)}
          title={t(`hit.${form}`)}
          does={t(`hit.${form}.do`)}
          fields={(props) => <TextField {...props} name="text" label={t(`hit.text.${form}`)} needed />}
          run={(values) => takeStep(hit.alert, form, values.text ?? '')}
          onDone={() => {
            // Another one may have been opened while this one was sent.
            setOpen((now) => (now === form ? null : now));
            onChanged();
          }}
          onCancel={() => setOpen(null)}
        />
      )}
    </div>
  );
}

/** What was done, by whom and how long after it was raised. */
function Stages({ hit }: { hit: Hit }) {
  const marks = [
    hit.candidate && t('hit.candidate'),
    hit.historical && t('hit.historical'),
    hit.covert && t('hit.covert'),
    hit.escalated > 0 && t('hit.escalated', { n: hit.escalated }),
  ].filter((text) => text !== false);
  return (
    <>
      {marks.length > 0 && (
        <p class="paper-facts">
          {marks.map((text) => (
            <span key={text} class="tag tag-wait">
              {text}
            </span>
          ))}
        </p>
      )}
      <ol class="stages">
        <li>{t('hit.raised')}</li>
        {hit.steps.map(({ step, by, at, afterS, text }) => (
          <li key={at + step} class={step === 'refuted' ? 'stage-wrong' : undefined}>
            <strong>{t(`hit.${step}`)}</strong>
            <span>
              <bdi>{t('hit.after', { name: by, time: spanText(afterS * 1_000) })}</bdi>
            </span>
            {text !== null && (
              <q>
                <bdi>{text}</bdi>
              </q>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}

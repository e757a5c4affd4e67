import type { TargetedEvent } from 'preact';
import { useState } from 'preact/hooks';
import { send } from '../../api.ts';
import { lookPurpose, may, noticeEnd } from '../../session.ts';
import type { Bundle, CaseAlert } from '../../types.ts';
import { ChoiceField, NameField } from '../deeds/fields.tsx';
import { keepValues, lineOf, type Values, valuesOf } from '../deeds/form-draft.ts';
import { t } from '../say.ts';
import { Made, useExports, whyNot } from './made-exports.tsx';

/** The alert as a signed file, for who may take such things away: what was asked for, and how it is. */
export function Bundles({ alert }: { alert: CaseAlert }) {
  const { bundles, take } = useExports(alert.id, (one) => one.alert === alert.id);
  return (
    <section class="panel" aria-labelledby="bundle-title">
      <h3 id="bundle-title">{t('bundle.title')}</h3>
      <ul class="bundles">
        {bundles.map((one) => (
          <li key={one.id}>
            <Made bundle={one} />
          </li>
        ))}
      </ul>
      <AskForm id={alert.id} onMade={(made) => take([made])} />
    </section>
  );
}

/** Open where somebody had begun to fill it in. */
function AskForm({ id, onMade }: { id: string; onMade(made: Bundle): void }) {
  const [trouble, setTrouble] = useState('');
  const [busy, setBusy] = useState(false);
  const values = valuesOf(id, 'bundle');
  const [begun] = useState(Object.keys(values).length > 0);
  const set = (field: string, value: string) => keepValues(id, 'bundle', { ...valuesOf(id, 'bundle'), [field]: value });
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    setTrouble('');
    send<Bundle>('POST', `/alerts/${encodeURIComponent(id)}/bundle`, bodyOf(values))
      .then((made) => {
        keepValues(id, 'bundle', {});
        if (made) onMade(made);
      })
      .catch((error: unknown) => {
        noticeEnd(error);
        setTrouble(whyNot(error));
      })
      .finally(() => setBusy(false));
  };
  return (
    <details open={begun}>
      <summary>{t('bundle.ask')}</summary>
      <form class="deed-form" onSubmit={submit} aria-label={t('bundle.title')}>
        <p class="hint">{t('bundle.hint')}</p>
        <NameField name="purpose" label={t('bundle.purpose')} needed={false} values={values} set={set} />
        <NameField name="case" label={t('bundle.case')} needed={values.plates === 'whole'} values={values} set={set} />
        {may('alerts.plates') && <PlatesField values={values} set={set} />}
        {trouble !== '' && (
          <p class="trouble" role="alert">
            {trouble}
          </p>
        )}
        <button type="submit" class="primary" disabled={busy}>
          {t(busy ? 'deed.busy' : 'bundle.ask')}
        </button>
      </form>
    </details>
  );
}

function PlatesField({ values, set }: { values: Values; set(name: string, value: string): void }) {
  const choices = [
    ['masked', t('bundle.masked')],
    ['whole', t('bundle.whole')],
  ] as const;
  return <ChoiceField name="plates" label={t('bundle.plates')} choices={choices} values={values} set={set} />;
}

function bodyOf({ purpose, case: named, plates }: Values) {
  return {
    purpose: lineOf(purpose) || lookPurpose.value,
    ...(lineOf(named) !== '' && { case: lineOf(named) }),
    ...(plates === 'whole' && { plates }),
  };
}

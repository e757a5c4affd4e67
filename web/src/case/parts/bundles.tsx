import type { TargetedEvent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, get, send } from '../../api.ts';
import { explain } from '../../explain.ts';
import { lookPurpose, may, noticeEnd } from '../../session.ts';
import { locale, t } from '../../texts.ts';
import { every } from '../../ticker.ts';
import type { Bundle, CaseAlert, Page } from '../../types.ts';
import { ChoiceField, NameField } from '../deeds/fields.tsx';
import { keepValues, lineOf, type Values, valuesOf } from '../deeds/form-draft.ts';

const LOOK_EVERY_MS = 3_000;
/** States in which something is still to come. */
const GOES_ON: readonly Bundle['state'][] = ['asked', 'copying'];

/** The alert as a signed file, for who may take such things away: what was asked for, and how it is. */
export function Bundles({ alert }: { alert: CaseAlert }) {
  const [bundles, setBundles] = useState<readonly Bundle[]>([]);
  const take = (some: readonly Bundle[]) => setBundles((known) => merged(known, some));
  useEffect(() => {
    const stop = new AbortController();
    get<Page<Bundle>>('/recording-exports', stop.signal)
      .then(({ items }) => take(items.filter((one) => one.alert === alert.id)))
      // Those of before are a nicety; what is asked for here is shown anyway.
      .catch(noticeEnd);
    return () => stop.abort();
  }, [alert.id]);
  useFollowed(bundles, take);
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

function whyNot(error: unknown): string {
  return error instanceof ApiError && error.code === 'look.incident-missing' ? t('bundle.needsCase') : explain(error);
}

/** Only our own addresses are led to, whatever an answer says. */
function Made({ bundle: { state, detail, bytes, url, askedBy } }: { bundle: Bundle }) {
  if (state === 'ready' && url?.startsWith('/api/v1/')) {
    return (
      <a href={url} download>
        {t('bundle.ready', { size: sizeText(bytes) })}
      </a>
    );
  }
  const text = { name: askedBy.name, detail: detail ?? '–', size: sizeText(bytes) };
  return (
    <p class={state === 'failed' ? 'trouble' : 'hint'}>
      <bdi>{t(`bundle.${state}`, text)}</bdi>
    </p>
  );
}

function sizeText(bytes: number): string {
  const unit = bytes < 1_000_000 ? 'kilobyte' : 'megabyte';
  const number = bytes / (unit === 'kilobyte' ? 1_000 : 1_000_000);
  return new Intl.NumberFormat(locale.value, { style: 'unit', unit, maximumFractionDigits: 1 }).format(number);
}

/** Looks at those that are not done until they are. */
function useFollowed(bundles: readonly Bundle[], take: (some: readonly Bundle[]) => void): void {
  const open = bundles.filter(({ state }) => GOES_ON.includes(state)).map(({ id }) => id);
  useEffect(() => {
    if (open.length === 0) return;
    return every(LOOK_EVERY_MS, () => {
      for (const id of open) {
        get<Bundle>(`/recording-exports/${encodeURIComponent(id)}`).then((one) => take([one]), noticeEnd);
      }
    });
  }, [open.join(' ')]);
}

/** The newest first, as they are now. */
function merged(known: readonly Bundle[], some: readonly Bundle[]): Bundle[] {
  const fresh = some.filter(({ id }) => !known.some((one) => one.id === id));
  return [...fresh, ...known.map((one) => some.find(({ id }) => id === one.id) ?? one)];
}

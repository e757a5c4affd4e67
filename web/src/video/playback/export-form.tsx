import type { TargetedEvent } from 'preact';
import { useState } from 'preact/hooks';
import { keepValuesUnder, type Values, valuesUnder } from '../../alerts/drafts.ts';
import { send } from '../../api.ts';
import { Made, useExports, whyNot } from '../../case/parts/made-exports.tsx';
import { t } from '../../case/say.ts';
import { lookPurpose, noticeEnd } from '../../session.ts';
import type { Bundle } from '../../types.ts';
import { v } from '../words.ts';
import { localText } from './local-time.ts';
import type { Span } from './marks.ts';

/** As many as one copy may have. */
const CAMERAS_MAX = 16;
const PURPOSE_MAX = 200;
const CASE_MAX = 64;
/** Under which it is kept until it was sent: a session may end while somebody types. */
const DRAFT = 'recording-export';

/** Asks for a signed copy of what some cameras recorded, and leads to those that were asked for. */
export function ExportForm({ cameras, span }: { cameras: readonly string[]; span: Span }) {
  const { bundles, take } = useExports('', (one) => one.alert === null);
  const [trouble, setTrouble] = useState('');
  const [busy, setBusy] = useState(false);
  const values = valuesUnder(DRAFT);
  const [isBegun] = useState(Object.keys(values).length > 0);
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    setTrouble('');
    send<Bundle>('POST', '/recording-exports', bodyOf(new FormData(event.currentTarget), cameras))
      .then((made) => {
        keepValuesUnder(DRAFT, {});
        if (made) take([made]);
      })
      .catch((error: unknown) => {
        noticeEnd(error);
        setTrouble(whyNot(error));
      })
      .finally(() => setBusy(false));
  };
  return (
    <details class="export" open={isBegun || undefined}>
      <summary>{v('export.title')}</summary>
      <form onSubmit={submit} aria-label={v('export.title')}>
        <p class="hint">{v('export.hint')}</p>
        <p class="hint">{v(cameras.length > CAMERAS_MAX ? 'export.many' : 'export.cameras', { n: cameras.length })}</p>
        <label>
          {v('export.from')}
          <input type="datetime-local" step="1" name="from" defaultValue={localText(span.fromMs)} required />
        </label>
        <label>
          {v('export.to')}
          <input type="datetime-local" step="1" name="to" defaultValue={localText(span.toMs)} required />
        </label>
        <label>
          {t('bundle.purpose')}
          <input {...typed('purpose', values)} maxLength={PURPOSE_MAX} />
        </label>
        <label>
          {t('bundle.case')}
          <input {...typed('case', values)} maxLength={CASE_MAX} />
        </label>
        <button type="submit" class="primary" disabled={busy || cameras.length > CAMERAS_MAX}>
          {v('export.ask')}
        </button>
        {trouble !== '' && (
          <p class="trouble" role="alert">
            {trouble}
          </p>
        )}
      </form>
      <AllMade bundles={bundles} />
    </details>
  );
}

function AllMade({ bundles }: { bundles: readonly Bundle[] }) {
  return (
    <ul class="bundles">
      {bundles.map((one) => (
        <li key={one.id}>
          <Made bundle={one} />
        </li>
      ))}
    </ul>
  );
}

/** A field that is kept as it is typed. */
function typed(name: string, values: Values) {
  return {
    name,
    autocomplete: 'off' as const,
    value: values[name] ?? '',
    onInput: ({ currentTarget }: TargetedEvent<HTMLInputElement>) =>
      keepValuesUnder(DRAFT, { ...valuesUnder(DRAFT), [name]: currentTarget.value }),
  };
}

function bodyOf(said: FormData, cameras: readonly string[]) {
  const text = (name: string) => String(said.get(name) ?? '').trim();
  const [from, to] = ['from', 'to'].map((name) => new Date(text(name)).toISOString());
  return {
    cameras,
    from,
    to,
    purpose: text('purpose') || lookPurpose.value,
    ...(text('case') !== '' && { case: text('case') }),
  };
}

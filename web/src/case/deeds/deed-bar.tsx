import type { TargetedEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { canHandle, handles, may } from '../../session.ts';
import { nowMs } from '../../ticker.ts';
import type { CaseAlert } from '../../types.ts';
import { changesOf } from '../changes.ts';
import type { OpenCase } from '../open-case.ts';
import { t } from '../say.ts';
import { type DeedName, doDeed, hasForm, type Outcome, possible } from './deeds.ts';
import { begunForm, keepValues, type Values, valuesOf } from './form-draft.ts';
import { bodyOf, FORMS } from './forms.tsx';
import { Meanwhile } from './meanwhile.tsx';
import { merge, readAfter, silence, split } from './others.ts';

/** What may be done with an alert as it stands now. One form is open at a time. */
export function DeedBar({ open, alert }: { open: OpenCase; alert: CaseAlert }) {
  const bar = useRef<HTMLDivElement>(null);
  const [form, setForm] = useState<DeedName | null>(() => (handles(alert) ? begunForm(alert.id) : null));
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [busy, setBusy] = useState(false);
  const deeds = possible(alert, { handle: handles(alert), merge: canHandle.value, silence: may('alerts.silence') });
  const run = async (name: DeedName, values: Values): Promise<Outcome> => {
    setBusy(true);
    setOutcome(null);
    const came = await perform(open, alert, { name, values });
    setBusy(false);
    setOutcome(came);
    return came;
  };
  const press = (name: DeedName) => {
    setOutcome(null);
    if (hasForm(name)) setForm(form === name ? null : name);
    // The button goes; whoever works by keyboard stays in the bar.
    else void run(name, {}).then(() => bar.current?.focus());
  };
  useDeedKeys(deeds, press);
  const leave = () => {
    setForm(null);
    bar.current?.focus();
  };
  if (deeds.length === 0 && form === null) return null;
  return (
    <section class="panel deeds" aria-labelledby="deeds-title">
      <h3 id="deeds-title">{t('deed.title')}</h3>
      <div class="deed-bar" ref={bar} tabIndex={-1}>
        {deeds.map((name) => (
          <button
            type="button"
            key={name}
            class={name === 'ack' ? 'primary' : undefined}
            aria-expanded={hasForm(name) ? form === name : undefined}
            disabled={busy}
            onClick={() => press(name)}
          >
            {t(`deed.${name}`)}
          </button>
        ))}
      </div>
      {form !== null && (
        <DeedForm key={form} name={form} alert={alert} busy={busy} outcome={outcome} onRun={run} onLeave={leave} />
      )}
      {form === null && outcome !== null && <Came outcome={outcome} />}
    </section>
  );
}

const KEYS: Partial<Record<string, DeedName>> = { a: 'ack', s: 'assign', c: 'close' };

/** a, s and c do here what they do in the list; never while somebody types. */
function useDeedKeys(deeds: readonly DeedName[], press: (name: DeedName) => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const name = KEYS[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey || !name || !deeds.includes(name) || isTyping(event)) return;
      event.preventDefault();
      press(name);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });
}

function isTyping({ target }: KeyboardEvent): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, dialog') !== null;
}

/** What came of a deed without a form. */
function Came({ outcome }: { outcome: Outcome }) {
  if (outcome.is === 'overtaken') return <Meanwhile changes={outcome.changes} refused={false} />;
  return (
    <p class={outcome.is === 'failed' ? 'trouble' : 'unseen'} role={outcome.is === 'failed' ? 'alert' : 'status'}>
      {outcome.is === 'failed' ? outcome.why : t('undo.done', { n: 1 })}
    </p>
  );
}

interface FormProps {
  name: DeedName;
  alert: CaseAlert;
  busy: boolean;
  outcome: Outcome | null;
  onRun(name: DeedName, values: Values): Promise<Outcome>;
  onLeave(): void;
}

/** What others change while it is filled in stands above it. What was typed is kept until it was sent. */
function DeedForm({ name, alert, busy, outcome, onRun, onLeave }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [begunAt] = useState(alert);
  const values = valuesOf(alert.id, name);
  const fields = FORMS[name];
  useEffect(() => form.current?.querySelector<HTMLElement>('input, textarea, select')?.focus(), []);
  if (!fields) return null;
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    void onRun(name, valuesOf(alert.id, name)).then((came) => {
      if (came.is !== 'done') return;
      keepValues(alert.id, name, {});
      onLeave();
    });
  };
  const cancel = () => {
    keepValues(alert.id, name, {});
    onLeave();
  };
  const set = (field: string, value: string) =>
    keepValues(alert.id, name, { ...valuesOf(alert.id, name), [field]: value });
  const overtaken = outcome?.is === 'overtaken';
  return (
    <form class="deed-form" ref={form} onSubmit={submit} aria-label={t(`deed.${name}`)}>
      <Meanwhile changes={overtaken ? outcome.changes : changesOf(begunAt, alert)} refused={overtaken} />
      {fields({ alert, values, set })}
      {outcome?.is === 'failed' && (
        <p class="trouble" role="alert">
          {outcome.why}
        </p>
      )}
      <div class="bar">
        <button type="submit" class="primary" disabled={busy}>
          {busy ? t('deed.busy') : t(`deed.do.${name as FormName}`)}
        </button>
        <button type="button" onClick={cancel}>
          {t('deed.cancel')}
        </button>
      </div>
    </form>
  );
}

type FormName = Exclude<DeedName, 'ack' | 'arrive' | 'unshelve' | 'split'>;

function perform(open: OpenCase, alert: CaseAlert, { name, values }: { name: DeedName; values: Values }) {
  if (name === 'silence') return readAfter(open, silence(alert, values, nowMs.value));
  if (name === 'merge') return readAfter(open, merge(alert, values));
  if (name === 'split') return readAfter(open, split(alert));
  return doDeed(open, name, bodyOf(name, values));
}

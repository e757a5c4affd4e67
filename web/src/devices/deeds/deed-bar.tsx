import type { TargetedEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { may } from '../../session.ts';
import type { WholeDevice } from '../../types.ts';
import type { OpenDevice } from '../page/open-device.ts';
import { t } from '../say.ts';
import { basisOf, type Change, changesSince } from './basis.ts';
import { CheckPanel } from './check-panel.tsx';
import { DEEDS, type DeedName, perform, possible } from './deeds.ts';
import { keepValues, type Values, valuesOf } from './drafts.ts';
import { Confirm, Failed } from './failed.tsx';
import { FORMS } from './forms.tsx';
import type { Outcome } from './outcome.ts';
import { Secret } from './secret.tsx';

interface BarProps {
  open: OpenDevice;
  device: WholeDevice;
}

/** What may be done with a device as it stands now. One form is open at a time. */
export function DeedBar({ open, device }: BarProps) {
  const bar = useRef<HTMLDivElement>(null);
  const [form, setForm] = useState<DeedName | null>(() => begun(device.id));
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const deeds = possible(device, may);
  const leave = () => {
    setForm(null);
    bar.current?.focus();
  };
  const run = async (name: DeedName, values: Values): Promise<Outcome> => {
    setOutcome(null);
    const came = await perform(name, { path: open.path, device, values });
    if (came.is === 'overtaken') await open.read();
    if (came.is === 'done') open.done();
    setOutcome(came);
    return came;
  };
  if (deeds.length === 0) return null;
  return (
    <section class="panel device-deeds" aria-labelledby="device-deeds-title">
      <h3 id="device-deeds-title">{t('do.title')}</h3>
      <div class="deed-bar" ref={bar} tabIndex={-1}>
        {deeds.map((name) => (
          <button
            type="button"
            key={name}
            class={name === 'check' ? 'primary' : undefined}
            aria-expanded={form === name}
            onClick={() => {
              setOutcome(null);
              setForm(form === name ? null : name);
            }}
          >
            {t(`do.${name}`)}
          </button>
        ))}
      </div>
      {form === 'check' && <CheckPanel open={open} device={device} onLeave={leave} />}
      {form !== null && form !== 'check' && (
        <DeedForm key={form} name={form} device={device} outcome={outcome} onRun={run} onLeave={leave} />
      )}
      {outcome?.is === 'done' && (
        <div role="status">
          <p>{outcome.says}</p>
          {outcome.secret !== undefined && <Secret secret={outcome.secret} />}
        </div>
      )}
    </section>
  );
}

/** The form that somebody had begun to fill in when the page went away. */
function begun(id: string): DeedName | null {
  return DEEDS.find((name) => Object.keys(valuesOf(id, name)).length > 0) ?? null;
}

interface FormProps {
  name: Exclude<DeedName, 'check'>;
  device: WholeDevice;
  outcome: Outcome | null;
  onRun(name: DeedName, values: Values): Promise<Outcome>;
  onLeave(): void;
}

/** What others change while it is filled in stands above it. What was typed is kept until it was sent. */
function DeedForm({ name, device, outcome, onRun, onLeave }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [busy, setBusy] = useState(false);
  const [begunWith] = useState(() => basisOf(name, device));
  const values = valuesOf(device.id, name);
  const basis = values.basis ?? begunWith;
  const Fields = FORMS[name];
  useEffect(() => form.current?.querySelector<HTMLElement>('input, textarea, select, button')?.focus(), []);
  const set = (field: string, value: string) =>
    keepValues(device.id, name, { ...valuesOf(device.id, name), basis, [field]: value });
  const leave = () => {
    keepValues(device.id, name, {});
    onLeave();
  };
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const came = await onRun(name, { basis, ...valuesOf(device.id, name) });
    setBusy(false);
    if (came.is === 'done') leave();
  };
  const overtaken = outcome?.is === 'overtaken' ? outcome.changes : null;
  // Who has seen what changed, and presses again, means it.
  useEffect(() => {
    if (overtaken) keepValues(device.id, name, { ...valuesOf(device.id, name), basis: basisOf(name, device) });
  }, [overtaken]);
  return (
    <form class="deed-form" ref={form} onSubmit={(event) => void submit(event)} aria-label={t(`do.${name}`)}>
      <Meanwhile changes={overtaken ?? changesSince(name, basis, device)} refused={overtaken !== null} />
      <Fields device={device} values={values} set={set} />
      {outcome?.is === 'failed' && <Failed outcome={outcome} />}
      {outcome?.is === 'failed' && outcome.unsure && <Confirm values={values} set={set} />}
      <div class="bar">
        <button type="submit" class="primary" disabled={busy}>
          {t(busy ? 'do.busy' : `do.now.${name}`)}
        </button>
        <button type="button" onClick={leave}>
          {t('do.cancel')}
        </button>
      </div>
    </form>
  );
}

function Meanwhile({ changes, refused }: { changes: readonly Change[]; refused: boolean }) {
  if (changes.length === 0) return null;
  return (
    <div class="meanwhile" role="alert">
      <p>{t('do.meanwhile')}</p>
      <ul>
        {changes.map(({ what, from, to }) => (
          <li key={what}>
            <bdi>
              {t('do.change', {
                what: t(what === 'unit' ? 'device.unit' : `edit.${what}`),
                from: from || '–',
                to: to || '–',
              })}
            </bdi>
          </li>
        ))}
      </ul>
      {refused && <p>{t('do.again')}</p>}
    </div>
  );
}

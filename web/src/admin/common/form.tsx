import type { ComponentChildren, TargetedEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, type Issue } from '../../api.ts';
import { Confirm, Failed } from '../../devices/deeds/failed.tsx';
import { failed, type Outcome } from '../../devices/deeds/outcome.ts';
import { t } from '../say.ts';
import { keepSecrets, keepValues, secretsOf, type Values, valuesOf } from './drafts.ts';
import { Field, type FieldSpec } from './field.tsx';
import { bodyOf, type Operation } from './schema.ts';

interface FormProps {
  /** What is sent: its fields and their limits are those of the document. */
  operation: Operation;
  /** Under which name it is kept while it is filled in. */
  name: string;
  /** What it is, for those who do not see it. */
  title: string;
  fields: readonly FieldSpec[];
  /** What stands in a field until something is typed there. */
  start?: Values;
  submit: string;
  /** For who may write it and not send it. */
  isReadOnly?: boolean;
  /** What was typed stays after it was sent, to be sent again with changes. */
  keeps?: boolean;
  /** Sends it; a good end empties the form. */
  send(body: Record<string, unknown>): Promise<unknown>;
  onDone?(): void;
  onLeave?(): void;
  children?: ComponentChildren;
}

/** A form for a body of the API. What is wrong with a field stands at the field; what was typed is kept. */
export function ApiForm(props: FormProps) {
  const { operation, name, title, fields, start = {}, submit, children, onLeave, isReadOnly = false } = props;
  const form = useRef<HTMLFormElement>(null);
  const { busy, wrong, run, forget } = useSending(props);
  const values = { ...start, ...valuesOf(name), ...secretsOf(name) };
  useEffect(() => form.current?.querySelector<HTMLElement>('input, textarea, select')?.focus(), []);
  useEffect(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus(), [wrong]);
  const set = (field: FieldSpec | 'confirm', value: string) => {
    const key = field === 'confirm' ? field : field.name;
    if (field !== 'confirm' && field.as === 'secret') keepSecrets(name, { ...secretsOf(name), [key]: value });
    else keepValues(name, { ...valuesOf(name), [key]: value });
  };
  const leave = () => {
    forget();
    onLeave?.();
  };
  return (
    <form class="admin-form" ref={form} aria-label={title} noValidate onSubmit={(event) => void run(event, values)}>
      {children}
      {fields.map((field) => (
        <Field
          key={field.name}
          form={name}
          field={field}
          operation={operation}
          value={values[field.name] ?? ''}
          issue={wrong?.issues.find(({ path }) => isAt(path, field)) ?? null}
          onInput={(value) => set(field, value)}
        />
      ))}
      {wrong && !isSaid(wrong.issues, fields) && <Failed outcome={wrong.outcome} />}
      {wrong?.outcome.unsure && <Confirm values={values} set={(_name, value) => set('confirm', value)} />}
      <div class="bar">
        {!isReadOnly && (
          <button type="submit" class="primary" disabled={busy}>
            {busy ? t('do.busy') : submit}
          </button>
        )}
        {onLeave && (
          <button type="button" onClick={leave}>
            {t('do.cancel')}
          </button>
        )}
      </div>
    </form>
  );
}

/** Everything that is wrong stands at a field already. */
function isSaid(issues: readonly Issue[], fields: readonly FieldSpec[]): boolean {
  return issues.length > 0 && issues.every(({ path }) => fields.some((field) => isAt(path, field)));
}

function isAt(path: string, { name }: FieldSpec): boolean {
  return path === name || path.startsWith(`${name}.`);
}

interface Wrong {
  outcome: Extract<Outcome, { is: 'failed' }>;
  issues: readonly Issue[];
}

function useSending({ operation, name, fields, keeps = false, send, onDone }: FormProps) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<Wrong | null>(null);
  const forget = () => {
    keepValues(name, {});
    keepSecrets(name, {});
  };
  const run = async (event: TargetedEvent<HTMLFormElement>, values: Values) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setWrong(null);
    try {
      const { confirm, ...filled } = values;
      await send({ ...bodyOf(operation, filled, fields), ...(confirm === 'yes' && { confirm: true }) });
      if (!keeps) forget();
      onDone?.();
    } catch (error) {
      setWrong({ outcome: failed(error) as Wrong['outcome'], issues: error instanceof ApiError ? error.issues : [] });
    }
    setBusy(false);
  };
  return { busy, wrong, run, forget };
}

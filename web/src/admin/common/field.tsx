import type { TargetedEvent } from 'preact';
import { districtName, districts } from '../../alerts/choices.ts';
import type { Issue } from '../../api.ts';
import { type SayKey, t, tOf } from '../say.ts';
import { type FieldLimits, limitsOf, listOf, type Operation } from './schema.ts';

export interface FieldSpec {
  /** As the gateway calls it; what stands within another field by its path, such as `target.host`. */
  name: string;
  label: SayKey;
  hint?: SayKey;
  /** What is filled into the label. */
  fill?: Readonly<Record<string, string | number>>;
  /** What the document cannot say: how it is typed. */
  as?: 'area' | 'secret' | 'text' | 'moment' | 'time';
  /** What may stand in it, where the document does not say: within another field. */
  limits?: FieldLimits;
  /** What the values are called, by the texts `PREFIX.VALUE`. */
  words?: string;
  /** What may be chosen, where the document does not say. */
  choices?: readonly string[];
  /** What a choice is called by those who made it. */
  nameOf?(choice: string): string;
}

interface FieldProps {
  form: string;
  field: FieldSpec;
  operation: Operation;
  value: string;
  issue: Issue | null;
  onInput(value: string): void;
}

interface ControlProps {
  id: string;
  name: string;
  'aria-invalid': boolean;
  'aria-describedby'?: string;
  required: boolean;
}

/** One field, and below it what is wrong with it. */
export function Field(props: FieldProps) {
  const { form, field, operation, issue } = props;
  const id = `${form}-${field.name}`.replaceAll(/[^\w-]/g, '-');
  const limits = field.limits ?? limitsOf(operation, field.name);
  const describes = [field.hint !== undefined && `${id}-hint`, issue && `${id}-wrong`].filter(Boolean).join(' ');
  const control: ControlProps = {
    id,
    name: field.name,
    'aria-invalid': issue !== null,
    required: limits.required,
    ...(describes !== '' && { 'aria-describedby': describes }),
  };
  if (limits.type === 'boolean') return <Switch {...props} control={control} />;
  if (limits.of) return <Several {...props} of={limits.of} />;
  return (
    <div class="admin-field">
      <label for={id}>
        {t(field.label, field.fill)}
        {!limits.required && <span class="hint"> {t('field.optional')}</span>}
      </label>
      <Control {...props} limits={limits} control={control} />
      <Words id={id} field={field} issue={issue} />
    </div>
  );
}

function Words({ id, field, issue }: { id: string; field: FieldSpec; issue: Issue | null }) {
  return (
    <>
      {field.hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {t(field.hint)}
        </p>
      )}
      {issue && (
        <p class="trouble" id={`${id}-wrong`} lang="en">
          <bdi>{[issue.message, issue.remedy].filter(Boolean).join('. ')}</bdi>
        </p>
      )}
    </>
  );
}

interface TypedProps extends FieldProps {
  limits: FieldLimits;
  control: ControlProps;
}

function Control(props: TypedProps) {
  const { field, limits, control, value, onInput } = props;
  const choices = field.choices ?? limits.enum;
  if (field.as === 'area') return <AreaControl {...props} />;
  if (choices) {
    return (
      <select {...control} value={value} onChange={(event) => onInput(event.currentTarget.value)}>
        {(!limits.required || value === '') && <option value="">{t('field.none')}</option>}
        {choices.map((one) => (
          <option key={one} value={one}>
            {field.nameOf?.(one) ?? (field.words === undefined ? one : tOf(field.words, one))}
          </option>
        ))}
      </select>
    );
  }
  const length = limits.maxLength === undefined ? {} : { maxLength: limits.maxLength };
  if (field.as === 'text') {
    return (
      <textarea
        {...control}
        {...length}
        rows={isCode(field) ? 18 : 3}
        spellcheck={false}
        class={isCode(field) ? 'code' : undefined}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    );
  }
  const typed = {
    ...control,
    ...length,
    autocomplete: field.as === 'secret' ? 'new-password' : 'off',
    spellcheck: false,
    value,
    onInput: (event: TargetedEvent<HTMLInputElement>) => onInput(event.currentTarget.value),
  };
  if (field.as === 'secret') return <input {...typed} type="password" />;
  if (field.as === 'time') return <input {...typed} type="time" />;
  if (field.as === 'moment') return <input {...typed} type="datetime-local" />;
  const isNumber = limits.type === 'integer' || limits.type === 'number';
  return isNumber ? <input {...typed} type="number" step="any" /> : <input {...typed} type="text" />;
}

/** Whether it is written line by line, and its spaces count. */
function isCode({ name, limits }: FieldSpec): boolean {
  return name === 'yaml' || limits?.type === 'json';
}

/** An area by its name; whoever is shown none types its code. */
function AreaControl({ control, value, onInput }: TypedProps) {
  const known = districts.value;
  if (known.length === 0) {
    return (
      <input
        {...control}
        inputMode="numeric"
        maxLength={64}
        value={value}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
    );
  }
  const codes = known.map(({ code }) => code);
  if (value !== '' && !codes.includes(value)) codes.push(value);
  return (
    <select {...control} value={value} onChange={(event) => onInput(event.currentTarget.value)}>
      <option value="">{t('field.choose')}</option>
      {codes.map((code) => (
        <option key={code} value={code}>
          {`${code} ${districtName(code)}`}
        </option>
      ))}
    </select>
  );
}

function Switch({ field, control, value, onInput }: FieldProps & { control: ControlProps }) {
  return (
    <label class="switch">
      <input
        {...control}
        required={false}
        type="checkbox"
        checked={value === 'yes'}
        onChange={({ currentTarget }) => onInput(currentTarget.checked ? 'yes' : 'no')}
      />
      <span>{t(field.label)}</span>
    </label>
  );
}

/** Some of a few values; none means that the field is left out. */
function Several({ field, of, value, onInput }: FieldProps & { of: readonly string[] }) {
  const chosen = listOf(value);
  return (
    <fieldset class="choice">
      <legend>{t(field.label)}</legend>
      {of.map((one) => (
        <label key={one}>
          <input
            type="checkbox"
            name={field.name}
            checked={chosen.includes(one)}
            onChange={({ currentTarget }) => {
              const others = chosen.filter((other) => other !== one);
              onInput((currentTarget.checked ? [...others, one] : others).join(','));
            }}
          />
          <span>{field.words === undefined ? one : tOf(field.words, one)}</span>
        </label>
      ))}
      {field.hint !== undefined && <p class="hint">{t(field.hint)}</p>}
    </fieldset>
  );
}

import type { ComponentChildren } from 'preact';
import type { Values } from './form-draft.ts';

const TEXT_MAX = 2_000;
const NAME_MAX = 128;

export interface FieldProps {
  values: Values;
  set(name: string, value: string): void;
}

/** Longer text. It is sent on one line. */
export function TextField({ name, label, needed, values, set }: FieldProps & { name: string } & Labelled) {
  return (
    <label>
      {label}
      <textarea
        name={name}
        rows={2}
        maxLength={TEXT_MAX}
        required={needed}
        value={values[name] ?? ''}
        onInput={(event) => set(name, event.currentTarget.value)}
      />
    </label>
  );
}

interface Labelled {
  label: string;
  needed: boolean;
}

export function NameField({
  name,
  label,
  needed,
  max = NAME_MAX,
  values,
  set,
}: FieldProps & { name: string; max?: number } & Labelled) {
  return (
    <label>
      {label}
      <input
        name={name}
        maxLength={max}
        autocomplete="off"
        required={needed}
        value={values[name] ?? ''}
        onInput={(event) => set(name, event.currentTarget.value)}
      />
    </label>
  );
}

interface ChoiceProps extends FieldProps {
  name: string;
  label: string;
  choices: readonly (readonly [value: string, text: string])[];
  children?: ComponentChildren;
}

/** One of some; the first until another is chosen. */
export function ChoiceField({ name, label, choices, values, set }: ChoiceProps) {
  return (
    <label>
      {label}
      <select
        name={name}
        value={values[name] ?? choices[0]?.[0]}
        onChange={(event) => set(name, event.currentTarget.value)}
      >
        {choices.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

import { ApiError } from '../../api.ts';
import bodies from '../../ground/bodies.json';

/** What a field of a request may hold, as the document of the API says. */
export interface FieldLimits {
  required: boolean;
  /** Of JSON Schema; of what the document does not tell also `json`, and `value`: a word, a number, or yes or no. */
  type?: string;
  enum?: readonly string[];
  /** Values of a list. */
  of?: readonly string[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  format?: string;
}

/** A request with a body that has a form. */
export type Operation = keyof typeof bodies;

export function limitsOf(operation: Operation, name: string): FieldLimits {
  const fields = bodies[operation] as Record<string, FieldLimits>;
  return fields[name] ?? { required: false };
}

/** A field of a form, as far as its value is concerned. */
export interface BodyField {
  name: string;
  limits?: FieldLimits;
}

/**
 * A body of what was filled in: each text as the field takes it. What is empty is left out, so that the gateway says
 * what is missing. Of what stands within other fields (`target.host`), only that of `fields` is taken: what was typed
 * for something else that could be chosen stays in the form. Errors: an ApiError for what is no JSON, at its field.
 */
export function bodyOf(
  operation: Operation,
  values: Readonly<Record<string, string>>,
  fields: readonly BodyField[] = [],
): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(values)) {
    const own = fields.find((field) => field.name === name);
    if (text.trim() === '' || (name.includes('.') && !own)) continue;
    put(body, name.split('.'), typedAs(name, own?.limits ?? limitsOf(operation, name), text));
  }
  return body;
}

/** Sets what a path leads to; a number in it is a place in a list. */
function put(into: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    into[first] = value;
    return;
  }
  into[first] ??= /^\d+$/.test(rest[0] ?? '') ? [] : {};
  put(into[first] as Record<string, unknown>, rest, value);
}

function typedAs(name: string, { type, format }: FieldLimits, text: string): unknown {
  if (type === 'boolean') return text === 'yes';
  if (type === 'integer' || type === 'number') return Number(text);
  if (type === 'array') return listOf(text);
  if (type === 'json') return jsonOf(name, text);
  if (type === 'value') return scalarOf(text.trim());
  if (format === 'date-time') return new Date(text).toISOString();
  return text.includes('\n') ? text : text.trim();
}

/** A word, a number, or a yes or no, as they are written in JSON; words without their marks. */
function scalarOf(text: string): unknown {
  return /^(true|false|-?\d+(\.\d+)?)$/.test(text) ? JSON.parse(text) : text;
}

function jsonOf(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const issues = [{ path: name, message: `is no JSON: ${(error as Error).message}`, remedy: '' }];
    throw new ApiError(400, null, { code: 'request.invalid', says: '', issues });
  }
}

/** Names that stand in a text, between commas or spaces. */
export function listOf(text: string): string[] {
  return text.split(/[\s,，]+/).filter((one) => one !== '');
}

import bodies from '../../ground/bodies.json';

/** What a field of a request may hold, as the document of the API says. */
export interface FieldLimits {
  required: boolean;
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

/**
 * A body of what was filled in: each text as the field takes it. What is empty is left out, so that the gateway says
 * what is missing.
 */
export function bodyOf(operation: Operation, values: Readonly<Record<string, string>>): Record<string, unknown> {
  const filled = Object.entries(values).filter(([, text]) => text.trim() !== '');
  return Object.fromEntries(filled.map(([name, text]) => [name, typedAs(limitsOf(operation, name), text)]));
}

function typedAs({ type, format }: FieldLimits, text: string): unknown {
  if (type === 'boolean') return text === 'yes';
  if (type === 'integer' || type === 'number') return Number(text);
  if (type === 'array') return listOf(text);
  if (format === 'date-time') return new Date(text).toISOString();
  return text.includes('\n') ? text : text.trim();
}

/** Names that stand in a text, between commas or spaces. */
export function listOf(text: string): string[] {
  return text.split(/[\s,，]+/).filter((one) => one !== '');
}

import type { FieldValue } from '../../core/types.ts';
import { printable, type RefusalReason } from '../refusals.ts';
import type { CompiledField, CompiledFields } from './compiled-kind.ts';
import { endHash, type Hash, hashNumber, hashText, hashWord, startHash } from './hash.ts';

/** Why a value was refused; one object is reused, the caller copies what it needs at once. */
export interface Problem {
  reason: RefusalReason;
  path: string;
  value: string;
}

export const problem: Problem = { reason: 'empty', path: '', value: '' };

export function fail(reason: RefusalReason, path: string, value: unknown): null {
  problem.reason = reason;
  problem.path = path;
  problem.value = printable(value);
  return null;
}

export type Values = Map<string, FieldValue | string[]>;

const one: Hash = { a: 0, b: 0 };

/** Sum of the hashes of all fields read by the last {@link readValues}, whatever their order. */
export const content: Hash & { zeros: boolean } = { a: 0, b: 0, zeros: false };

/**
 * Checks an object of values against the fields of a kind or event. Returns null and sets {@link problem} at the first
 * value that does not fit.
 */
export function readValues(given: object, fields: CompiledFields, path: string): Values | null {
  const values: Values = new Map();
  content.a = 0;
  content.b = 0;
  content.zeros = false;
  for (const name in given) {
    const field = fields.get(name);
    if (!field) return fail('unknown-field', `${path}.${name}`, (given as Record<string, unknown>)[name]);
    const value = readValue((given as Record<string, unknown>)[name], field);
    if (value === null) {
      problem.path = `${path}.${name}`;
      if (field.spec.type === 'text' && field.spec.sensitive) problem.value = '[hidden]';
      return null;
    }
    endHash(one);
    content.a = (content.a + one.a) | 0;
    content.b = (content.b + one.b) | 0;
    values.set(name, value);
  }
  return values;
}

/** Leaves the hash of name and value in `one`. */
function readValue(value: unknown, field: CompiledField): FieldValue | string[] | null {
  startHash(one, field.seed);
  const { spec } = field;
  switch (spec.type) {
    case 'number':
    case 'integer':
      return readNumber(value, spec);
    case 'boolean':
      if (typeof value !== 'boolean') return fail('wrong-type', '', value);
      hashWord(one, value ? 1 : 2);
      return value;
    case 'text':
      return readText(value, spec.maxLength);
    case 'enum':
      if (typeof value !== 'string') return fail('wrong-type', '', value);
      if (!field.allowed?.has(value)) return fail('not-in-list', '', value);
      hashText(one, value);
      return value;
    case 'list':
      return readList(value, spec.maxItems, spec.maxLength);
  }
}

function readNumber(value: unknown, spec: { type: 'number' | 'integer'; min: number; max: number }): number | null {
  if (typeof value !== 'number') return fail('wrong-type', '', value);
  if (!Number.isFinite(value)) return fail('not-finite', '', value);
  if (value > Number.MAX_SAFE_INTEGER || value < -Number.MAX_SAFE_INTEGER) return fail('not-exact', '', value);
  if (spec.type === 'integer' && !Number.isInteger(value)) return fail('not-whole', '', value);
  if (value < spec.min || value > spec.max) return fail('out-of-range', '', value);
  if (value === 0) content.zeros = true;
  // -0 and 0 are one value: nothing behind us tells them apart.
  const kept = value + 0;
  hashNumber(one, kept);
  return kept;
}

export function readText(value: unknown, maxLength: number): string | null {
  if (typeof value !== 'string') return fail('wrong-type', '', value);
  if (value.length > maxLength) return fail('too-long', '', value);
  if (!isPlainText(value)) return fail('not-text', '', value);
  hashText(one, value);
  return value;
}

function readList(value: unknown, maxItems: number, maxLength: number): string[] | null {
  if (!Array.isArray(value)) return fail('wrong-type', '', value);
  if (value.length > maxItems) return fail('too-long', '', value);
  hashWord(one, value.length);
  for (const item of value) if (readText(item, maxLength) === null) return null;
  return value;
}

/** No control characters (C0, DEL, C1) and no half of a surrogate pair. */
export function isPlainText(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return false;
    if (code < 0xd800 || code > 0xdfff) continue;
    const next = code < 0xdc00 ? text.charCodeAt(i + 1) : 0;
    if (!(next >= 0xdc00 && next <= 0xdfff)) return false;
    i += 1;
  }
  return true;
}

const GENERIC_FIELDS_MAX = 32;
const GENERIC_TEXT_MAX = 1024;

/** Values of our own events, which no kind declares: scalars and short lists. */
export function readGeneric(given: object, path: string): Values | null {
  const fields = new Map<string, CompiledField>();
  for (const [name, value] of Object.entries(given)) {
    if (fields.size === GENERIC_FIELDS_MAX) return fail('too-long', path, given);
    fields.set(name, { spec: genericSpec(value), seed: name.length, allowed: null });
  }
  return readValues(given, fields, path);
}

function genericSpec(value: unknown): CompiledField['spec'] {
  if (typeof value === 'number') return { type: 'number', unit: null, min: -1e15, max: 1e15 };
  if (typeof value === 'boolean') return { type: 'boolean' };
  if (Array.isArray(value)) return { type: 'list', maxItems: 64, maxLength: GENERIC_TEXT_MAX };
  return { type: 'text', maxLength: GENERIC_TEXT_MAX };
}

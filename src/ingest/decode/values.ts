import { holdsCard, holdsMac } from '../../core/forbidden.ts';
import { PLATES_IN_TEXT_MAX, platesIn } from '../../core/plates.ts';
import type { FieldValue } from '../../core/types.ts';
import type { CompiledField, CompiledFields } from './compiled-field.ts';
import { endHash, type Hash, hashNumber, hashText, hashWord, startHash } from './hash.ts';
import { HIDDEN, printable, printableUnknown, type RefusalReason } from './refusals.ts';

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
  problem.value = reason.startsWith('unknown-') ? printableUnknown(value) : printable(value);
  return null;
}

export type Values = Map<string, FieldValue | string[]>;

const one: Hash = { a: 0, b: 0 };

/** Sum of the hashes of all fields read since {@link startValues}, whatever their order. */
export const content: Hash & { zeros: boolean } = { a: 0, b: 0, zeros: false };

export function startValues(): Values {
  content.a = 0;
  content.b = 0;
  content.zeros = false;
  return new Map();
}

/**
 * Checks an object of values against the fields of a kind or event. Returns null and sets {@link problem} at the first
 * value that does not fit.
 */
export function readValues(given: object, fields: CompiledFields, path: string): Values | null {
  const values = startValues();
  for (const name in given) {
    const field = fields.get(name);
    const value = (given as Record<string, unknown>)[name];
    if (!field) return fail('unknown-field', `${path}.${name}`, value);
    if (!takeValue(values, name, value, field)) {
      problem.path = `${path}.${name}`;
      return null;
    }
  }
  return values;
}

/** Checks one value and keeps it; false with the {@link problem}, whose path is for the caller to set. */
export function takeValue(values: Values, name: string, given: unknown, field: CompiledField): boolean {
  const value = readValue(given, field);
  if (value === null) {
    if (field.spec.type === 'text' && field.spec.sensitive) problem.value = HIDDEN;
    return false;
  }
  endHash(one);
  content.a = (content.a + one.a) | 0;
  content.b = (content.b + one.b) | 0;
  values.set(name, value);
  return true;
}

/**
 * Leaves the hash of name and value in `one`: of the value as it was sent, so that a resent record is the same one
 * although the kind rounds or scales differently by then.
 */
function readValue(value: unknown, field: CompiledField): FieldValue | string[] | null {
  startHash(one, field.seed);
  const { spec } = field;
  if (field.codes !== null) return readCode(value, field.codes);
  switch (spec.type) {
    case 'number':
    case 'integer':
      return readNumber(value, field, spec);
    case 'boolean':
      if (typeof value !== 'boolean') return fail('wrong-type', '', value);
      hashWord(one, value ? 1 : 2);
      return value;
    case 'text':
      return spec.sensitive === 'plate'
        ? readPlates(value, spec.maxLength)
        : readText(value, spec.maxLength, spec.content);
    case 'enum':
      if (typeof value !== 'string') return fail('wrong-type', '', value);
      if (!field.allowed?.has(value)) return fail('not-in-list', '', value);
      hashText(one, value);
      return value;
    case 'list':
      return readList(value, spec.maxItems, spec.maxLength);
  }
}

function readCode(value: unknown, codes: ReadonlyMap<unknown, FieldValue>): FieldValue | null {
  if (typeof value === 'number') {
    if (value === 0) content.zeros = true;
    hashNumber(one, value + 0);
  } else if (typeof value === 'string') hashText(one, value);
  else if (typeof value === 'boolean') hashWord(one, value ? 1 : 2);
  else return fail('wrong-type', '', value);
  return codes.get(value) ?? fail('not-in-list', '', value);
}

type NumberSpec = { type: 'number' | 'integer'; min: number; max: number };

function readNumber(value: unknown, field: CompiledField, spec: NumberSpec): number | null {
  if (typeof value !== 'number') return fail('wrong-type', '', value);
  if (!Number.isFinite(value)) return fail('not-finite', '', value);
  if (value > Number.MAX_SAFE_INTEGER || value < -Number.MAX_SAFE_INTEGER) return fail('not-exact', '', value);
  // -0 and 0 are one value: nothing behind us tells them apart.
  const sent = value + 0;
  if (sent === 0) content.zeros = true;
  hashNumber(one, sent);
  const kept = field.converts ? convert(sent, field, spec) : sent;
  if (spec.type === 'integer' && !Number.isInteger(kept)) return fail('not-whole', '', value);
  if (!(kept >= spec.min && kept <= spec.max)) return fail('out-of-range', '', value);
  return kept;
}

/** What floating point may add to a product without anybody having meant it. */
const NOISE = 1e-9;

/**
 * Scales and rounds. A value beyond the range is returned unrounded, so that rounding never brings it back in, unless
 * only noise had carried it out.
 */
function convert(sent: number, { scale, offset, factor }: CompiledField, { type, min, max }: NumberSpec): number {
  const exact = sent * scale + offset;
  const whole = Math.round(exact);
  const noise = NOISE * Math.max(1, Math.abs(exact));
  if (type === 'integer') return Math.abs(exact - whole) <= noise ? whole + 0 : exact;
  if (factor === 0 || Math.abs(exact) * factor > Number.MAX_SAFE_INTEGER) return exact + 0;
  const rounded = Math.round(exact * factor) / factor + 0;
  return (exact >= min && exact <= max) || Math.abs(exact - rounded) <= noise ? rounded : exact;
}

export function readText(value: unknown, maxLength: number, holds?: 'mac' | 'digits'): string | null {
  if (typeof value !== 'string') return fail('wrong-type', '', value);
  if (value.length > maxLength) return fail('too-long', '', value);
  if (!isPlainText(value)) return fail('not-text', '', value);
  if (holds !== 'mac' && holdsMac(value)) return fail('forbidden-mac', '', HIDDEN);
  if (holds !== 'digits' && holdsCard(value)) return fail('forbidden-card', '', HIDDEN);
  hashText(one, value);
  return value;
}

/** One text may hold several plates of one vehicle; `maxLength` is that of one. */
function readPlates(value: unknown, maxLength: number): string | null {
  const text = readText(value, PLATES_IN_TEXT_MAX * (maxLength + 1));
  if (text === null || text.length <= maxLength) return text;
  const plates = platesIn(text);
  const fit = plates.length <= PLATES_IN_TEXT_MAX && plates.every((plate) => plate.length <= maxLength);
  return fit ? text : fail('too-long', '', value);
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

const GENERIC = { allowed: null, codes: null, converts: false, scale: 1, offset: 0, factor: 0 };

/** Values of our own events, which no kind declares: scalars and short lists. */
export function readGeneric(given: object, path: string): Values | null {
  const fields = new Map<string, CompiledField>();
  for (const [name, value] of Object.entries(given)) {
    if (fields.size === GENERIC_FIELDS_MAX) return fail('too-long', path, given);
    fields.set(name, { ...GENERIC, spec: genericSpec(value), seed: name.length });
  }
  return readValues(given, fields, path);
}

function genericSpec(value: unknown): CompiledField['spec'] {
  if (typeof value === 'number') return { type: 'number', unit: null, min: -1e15, max: 1e15 };
  if (typeof value === 'boolean') return { type: 'boolean' };
  if (Array.isArray(value)) return { type: 'list', maxItems: 64, maxLength: GENERIC_TEXT_MAX };
  return { type: 'text', maxLength: GENERIC_TEXT_MAX };
}

import { holdsCard, holdsIdentity, holdsIssuedCard, holdsMac, holdsReading } from '../../core/forbidden/values.ts';
import { PLATES_IN_TEXT_MAX, platesIn } from '../../core/plates.ts';
import type { FieldValue } from '../../core/types.ts';
import type { CompiledField, CompiledFields } from './compiled-field.ts';
import { endHash, hashNumber, hashText, hashWord, startHash } from './hash.ts';
import { HIDDEN } from './refusals.ts';
import type { Scratch, Values } from './scratch.ts';

/**
 * Checks an object of values against the fields of a kind or event. Returns null, with the problem in `scratch`, at
 * the first
 * value that does not fit.
 */
export function readValues(given: object, fields: CompiledFields, path: string, scratch: Scratch): Values | null {
  scratch.startValues();
  for (const name in given) {
    const field = fields.get(name);
    const value = (given as Record<string, unknown>)[name];
    if (!field) return scratch.fail('unknown-field', `${path}.${name}`, value);
    if (!takeValue(scratch, name, value, field)) {
      scratch.problem.path = `${path}.${name}`;
      return null;
    }
  }
  return scratch.values;
}

/** Checks one value and keeps it; false with the problem, whose path is for the caller to set. */
export function takeValue(scratch: Scratch, name: string, given: unknown, field: CompiledField): boolean {
  const value = readValue(given, field, scratch);
  if (value === null) {
    if (field.spec.type === 'text' && field.spec.sensitive) scratch.problem.value = HIDDEN;
    return false;
  }
  const { one, content } = scratch;
  endHash(one);
  content.a = (content.a + one.a) | 0;
  content.b = (content.b + one.b) | 0;
  scratch.values.set(name, value);
  return true;
}

/**
 * Leaves the hash of name and value in `scratch.one`: of the value as it was sent, so that a resent record is the
 * same one
 * although the kind rounds or scales differently by then.
 */
function readValue(value: unknown, field: CompiledField, scratch: Scratch): FieldValue | string[] | null {
  const { one } = scratch;
  startHash(one, field.seed);
  const { spec } = field;
  if (field.codes !== null) return readCode(value, field.codes, scratch);
  switch (spec.type) {
    case 'number':
    case 'integer':
      return readNumber(value, field, spec, scratch);
    case 'boolean':
      if (typeof value !== 'boolean') return scratch.fail('wrong-type', '', value);
      hashWord(one, value ? 1 : 2);
      return value;
    case 'text':
      return spec.sensitive === 'plate'
        ? readPlates(value, spec.maxLength, scratch)
        : readText(value, spec.maxLength, scratch, spec.content);
    case 'enum':
      if (typeof value !== 'string') return scratch.fail('wrong-type', '', value);
      if (!field.allowed?.has(value)) return scratch.fail('not-in-list', '', value);
      hashText(one, value);
      return value;
    case 'list':
      return readList(value, spec, scratch);
  }
}

function readCode(value: unknown, codes: ReadonlyMap<unknown, FieldValue>, scratch: Scratch): FieldValue | null {
  const { one } = scratch;
  if (typeof value === 'number') {
    if (value === 0) scratch.content.zeros = true;
    hashNumber(one, value + 0, scratch.bits);
  } else if (typeof value === 'string') hashText(one, value);
  else if (typeof value === 'boolean') hashWord(one, value ? 1 : 2);
  else return scratch.fail('wrong-type', '', value);
  return codes.get(value) ?? scratch.fail('not-in-list', '', value);
}

type NumberSpec = { type: 'number' | 'integer'; min: number; max: number };

function readNumber(value: unknown, field: CompiledField, spec: NumberSpec, scratch: Scratch): number | null {
  if (typeof value !== 'number') return scratch.fail('wrong-type', '', value);
  if (!Number.isFinite(value)) return scratch.fail('not-finite', '', value);
  if (value > Number.MAX_SAFE_INTEGER || value < -Number.MAX_SAFE_INTEGER) return scratch.fail('not-exact', '', value);
  // -0 and 0 are one value: nothing behind us tells them apart.
  const sent = value + 0;
  if (sent === 0) scratch.content.zeros = true;
  hashNumber(scratch.one, sent, scratch.bits);
  if (field.isLong && holdsIssuedCard(String(value))) return scratch.fail('forbidden-card', '', HIDDEN);
  const kept = field.converts ? convert(sent, field, spec) : sent;
  if (spec.type === 'integer' && !Number.isInteger(kept)) return scratch.fail('not-whole', '', value);
  if (!(kept >= spec.min && kept <= spec.max)) return scratch.fail('out-of-range', '', value);
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

export function readText(value: unknown, maxLength: number, scratch: Scratch, holds?: 'mac' | 'digits'): string | null {
  if (typeof value !== 'string') return scratch.fail('wrong-type', '', value);
  if (value.length > maxLength) return scratch.fail('too-long', '', value);
  if (!isPlainText(value)) return scratch.fail('not-text', '', value);
  if (holds !== 'mac' && holdsMac(value)) return scratch.fail('forbidden-mac', '', HIDDEN);
  if (holdsIdentity(value)) return scratch.fail('forbidden-identity', '', HIDDEN);
  if (holds !== 'digits' && holdsCard(value)) return scratch.fail('forbidden-card', '', HIDDEN);
  if (holdsReading(value)) return scratch.fail('forbidden-health', '', HIDDEN);
  hashText(scratch.one, value);
  return value;
}

/** One text may hold several plates of one vehicle; `maxLength` is that of one. */
function readPlates(value: unknown, maxLength: number, scratch: Scratch): string | null {
  const text = readText(value, PLATES_IN_TEXT_MAX * (maxLength + 1), scratch);
  if (text === null || text.length <= maxLength) return text;
  const plates = platesIn(text);
  const fit = plates.length <= PLATES_IN_TEXT_MAX && plates.every((plate) => plate.length <= maxLength);
  return fit ? text : scratch.fail('too-long', '', value);
}

type ListSpec = { maxItems: number; maxLength: number };

function readList(value: unknown, { maxItems, maxLength }: ListSpec, scratch: Scratch): string[] | null {
  if (!Array.isArray(value)) return scratch.fail('wrong-type', '', value);
  if (value.length > maxItems) return scratch.fail('too-long', '', value);
  hashWord(scratch.one, value.length);
  for (const item of value) if (readText(item, maxLength, scratch) === null) return null;
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

const GENERIC = { allowed: null, codes: null, isLong: false, converts: false, scale: 1, offset: 0, factor: 0 };

/** Values of our own events, which no kind declares: scalars and short lists. */
export function readGeneric(given: object, path: string, scratch: Scratch): Values | null {
  const fields = new Map<string, CompiledField>();
  for (const [name, value] of Object.entries(given)) {
    if (fields.size === GENERIC_FIELDS_MAX) return scratch.fail('too-long', path, given);
    fields.set(name, { ...GENERIC, spec: genericSpec(value), seed: name.length });
  }
  return readValues(given, fields, path, scratch);
}

function genericSpec(value: unknown): CompiledField['spec'] {
  if (typeof value === 'number') return { type: 'number', unit: null, min: -1e15, max: 1e15 };
  if (typeof value === 'boolean') return { type: 'boolean' };
  if (Array.isArray(value)) return { type: 'list', maxItems: 64, maxLength: GENERIC_TEXT_MAX };
  return { type: 'text', maxLength: GENERIC_TEXT_MAX };
}

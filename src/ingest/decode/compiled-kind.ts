import type { CodecName } from '../../core/codec-names.ts';
import type { Declared } from '../../core/forbidden/find.ts';
import type { DeviceKind, FieldSpec, FieldValue } from '../../core/types.ts';
import type { CompiledEvent, CompiledField, CompiledFields } from './compiled-field.ts';
import { type Hash, hashText, startHash } from './hash.ts';
import { compileShapes, type Shapes } from './shape.ts';

export interface CompiledKind {
  codec: CodecName;
  fields: CompiledFields;
  /** Fields of its readings that hold a plate; undefined where there are none. */
  plates: readonly string[] | undefined;
  events: ReadonlyMap<string, CompiledEvent>;
  /** Name of the field that is the structural tag. */
  tag: string | undefined;
  /** How to find the values in a maker's payload; null for the contract's. */
  shapes: Shapes | null;
  /** What its own text fields hold, by the key they stand under. */
  declared: Declared;
  /** Whether it leaves parts of the payload unread, which must then be looked through. */
  ignores: boolean;
}

/** The least number of 13 digits. */
const CARD_MIN = 1e12;

/** What decoding needs of a kind, in the form that is quick to use. */
export function compile(kind: DeviceKind): CompiledKind {
  const [tag] = [...kind.fields].find(([, spec]) => spec.tag === true) ?? [];
  const events = new Map<string, CompiledEvent>();
  for (const [name, { fields, required }] of kind.events) {
    const tagged = tag !== undefined && fields.get(tag)?.tag === true ? tag : undefined;
    events.set(name, { fields: compileFields(fields), required, tag: tagged, plates: platesOf(fields) });
  }
  const fields = compileFields(kind.fields);
  return {
    codec: kind.codec ?? 'json',
    fields,
    events,
    tag,
    plates: platesOf(kind.fields),
    shapes: compileShapes(kind, fields, events),
    declared: declaredBy(kind),
    ignores: (kind.payload?.ignore.length ?? 0) > 0,
  };
}

function platesOf(fields: ReadonlyMap<string, FieldSpec>): readonly string[] | undefined {
  const plates = [...fields].filter(([, spec]) => spec.type === 'text' && spec.sensitive === 'plate');
  return plates.length > 0 ? plates.map(([name]) => name) : undefined;
}

export function compileFields(fields: ReadonlyMap<string, FieldSpec>): CompiledFields {
  const result = new Map<string, CompiledField>();
  for (const [name, spec] of fields) {
    const precision = spec.type === 'number' ? spec.precision : undefined;
    const { scale = 1, offset = 0, map = null } = spec.source ?? {};
    result.set(name, {
      spec,
      scale,
      offset,
      seed: seedOf(name),
      allowed: spec.type === 'enum' ? new Set(spec.values) : null,
      codes: map && codesOf(map),
      isLong: 'max' in spec && spec.max >= CARD_MIN,
      converts: precision !== undefined || scale !== 1 || offset !== 0,
      factor: precision === undefined ? 0 : 10 ** precision,
    });
  }
  return result;
}

/** A code is text in YAML; in JSON the same code may be a number or a boolean. */
function codesOf(map: ReadonlyMap<string, FieldValue>): ReadonlyMap<unknown, FieldValue> {
  const codes = new Map<unknown, FieldValue>(map);
  for (const [code, value] of map) {
    if (String(Number(code)) === code) codes.set(Number(code), value);
    if (code === 'true' || code === 'false') codes.set(code === 'true', value);
  }
  return codes;
}

function declaredBy({ fields, events }: DeviceKind): Declared {
  const declared = new Map<string, 'mac' | 'digits'>();
  for (const set of [fields, ...[...events.values()].map((event) => event.fields)]) {
    for (const [name, spec] of set) {
      if (spec.type === 'text' && spec.content) declared.set(spec.source?.path?.at(-1) ?? name, spec.content);
    }
  }
  return declared;
}

function seedOf(name: string): number {
  const hash: Hash = { a: 0, b: 0 };
  startHash(hash, 0);
  hashText(hash, name);
  return hash.a;
}

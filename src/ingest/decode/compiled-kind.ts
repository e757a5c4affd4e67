import type { DeviceKind, FieldSpec } from '../../core/types.ts';
import { type Hash, hashText, startHash } from './hash.ts';

/** A field with what the hot path needs of it worked out once. */
export interface CompiledField {
  spec: FieldSpec;
  /** Hash of its name. */
  seed: number;
  /** The values of an enum. */
  allowed: ReadonlySet<string> | null;
}

export type CompiledFields = ReadonlyMap<string, CompiledField>;

export interface CompiledEvent {
  fields: CompiledFields;
  required: readonly string[];
}

export interface CompiledKind {
  fields: CompiledFields;
  events: ReadonlyMap<string, CompiledEvent>;
}

const compiled = new WeakMap<DeviceKind, CompiledKind>();

/** The compiled form of a kind, kept as long as the kind itself is. */
export function compile(kind: DeviceKind): CompiledKind {
  const known = compiled.get(kind);
  if (known) return known;
  const events = new Map<string, CompiledEvent>();
  for (const [name, { fields, required }] of kind.events) {
    events.set(name, { fields: compileFields(fields), required });
  }
  const result = { fields: compileFields(kind.fields), events };
  compiled.set(kind, result);
  return result;
}

function compileFields(fields: ReadonlyMap<string, FieldSpec>): CompiledFields {
  const result = new Map<string, CompiledField>();
  for (const [name, spec] of fields) {
    const allowed = spec.type === 'enum' ? new Set(spec.values) : null;
    result.set(name, { spec, seed: seedOf(name), allowed });
  }
  return result;
}

export function seedOf(name: string): number {
  const hash: Hash = { a: 0, b: 0 };
  startHash(hash, 0);
  hashText(hash, name);
  return hash.a;
}

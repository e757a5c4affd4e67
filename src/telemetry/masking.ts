import { maskPlate } from '../core/plates.ts';
import type { FieldSpec, FieldValue } from '../core/types.ts';

/**
 * A value as it may be shown without a look being registered. Text that no kind describes any more is masked too:
 * nobody can say that it is not a plate.
 */
export function shown<Value extends FieldValue | string[]>(value: Value, spec: FieldSpec | undefined): Value {
  const sensitive = spec === undefined || (spec.type === 'text' && spec.sensitive !== undefined);
  if (!sensitive) return value;
  if (typeof value === 'string') return maskPlate(value) as Value;
  return Array.isArray(value) ? (value.map(maskPlate) as Value) : value;
}

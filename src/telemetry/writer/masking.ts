import { maskPlate, maskPlates } from '../../core/plates.ts';
import type { FieldSpec, FieldValue } from '../../core/types.ts';

/**
 * A value as it may be shown without a look being registered. Text that no kind describes any more is masked too:
 * nobody can say that it is not a plate.
 */
export function shown<Value extends FieldValue | string[]>(value: Value, spec: FieldSpec | undefined): Value {
  const isPlate = spec?.type === 'text' && spec.sensitive !== undefined;
  if (spec !== undefined && !isPlate) return value;
  const mask = isPlate ? maskPlates : maskPlate;
  if (typeof value === 'string') return mask(value) as Value;
  return Array.isArray(value) ? (value.map(mask) as Value) : value;
}
